"""What licences, consents, transfers and purposes mean.  Pure; the tables are data files."""
