# `make` lists what there is.  PYTHON=python3.12 chooses what .venv is made with.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?=
BIN := .venv/bin
STAMP := .venv/installed

# OpenLineage's own schemas, for the tests that compare events with them.
ifneq ($(wildcard ../shared/spec/openlineage),)
export OPENLINEAGE_SPEC ?= $(abspath ../shared/spec/openlineage)
endif

.PHONY: help install format lint types arrows test laws check e2e bench demo docs clean

help: ## List what there is
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(STAMP): setup.cfg pyproject.toml constraints.txt scripts/install.sh
	@bash scripts/install.sh $(PYTHON)

install: $(STAMP) ## Create .venv with everything needed to work here

format: $(STAMP) ## Rewrite files to house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(STAMP) ## House style: ruff format --check, ruff check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP) ## mypy --strict
	$(BIN)/mypy

arrows: $(STAMP) ## Do the arrows between packages still point down?
	$(BIN)/lint-imports

test: $(STAMP) ## Unit, property and contract tests and doctests
	@$(BIN)/pytest -m "not e2e"

laws: $(STAMP) ## Property tests with 50 times more examples
	@HYPOTHESIS_PROFILE=thorough $(BIN)/pytest tests/property

check: lint types arrows test ## Everything a change must pass

e2e: $(STAMP) ## The example DAGs on a real Airflow (minutes)
	@$(BIN)/pytest -m e2e tests/e2e

bench: $(STAMP) ## Speed beside references: a table, and build/bench.json
	@$(BIN)/python scripts/bench.py

demo: $(STAMP) ## The example DAGs on a throw-away Airflow, and what the gates said
	@$(BIN)/python scripts/demo.py

docs: $(STAMP) ## Rewrite docs/reference and the tables of docs/failing.md from the code
	@$(BIN)/python scripts/reference.py && $(BIN)/python -m scripts.failing

clean: ## Remove .venv, caches and build products
	rm -rf .venv build dist *.egg-info .coverage .hypothesis .import_linter_cache .mypy_cache \
	    .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
