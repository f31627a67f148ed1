"""Pictures and pages of lineage, each one file that needs no network."""
