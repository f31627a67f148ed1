"""What can be known before anything runs: DAG files, coverage, settings that must hold."""
