"""The only package that imports Airflow: decorators, operators, plugin and provider info."""
