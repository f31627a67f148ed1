"""Every event leaves with its facets, and its lineage stays in the record."""
