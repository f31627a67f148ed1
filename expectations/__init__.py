"""The shipped Great Expectations suites; installed as ``lineage_plugin.expectations``."""
