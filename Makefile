# Every target sets up what it needs. `make` lists them.

PYTHON ?= python3
OUTPUT ?= out/sample
VENV := .venv
RUN := $(VENV)/bin
PIP := $(RUN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
export PYTHONWARNINGS = ignore::Warning:setuptools

.DEFAULT_GOAL := help
.PHONY: help install pipeline test check bench dist clean java

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/run.stamp ## make .venv with what a run needs

pipeline: $(VENV)/run.stamp java ## run the bundled sample into OUTPUT (out/sample)
	$(RUN)/curate run --recipe sample --output $(OUTPUT)

test: $(VENV)/dev.stamp java ## run the tests, S3 server and Spark included
	$(RUN)/python -m pytest

check: $(VENV)/dev.stamp ## lint and type-check
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

bench: $(VENV)/dev.stamp java ## measure a run: make bench DATA=FOLDER SET=key=value
	$(RUN)/python -m benchmarks.pipeline $(or $(DATA),curation/sample) $(addprefix --set ,$(SET))

dist: $(VENV)/dev.stamp ## build the wheel and the source archive into dist/
	$(RUN)/python -m build --outdir dist

clean: ## remove what was built and run here, but not .venv
	rm -rf build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

java:
	@version=$$("$${JAVA_HOME:+$$JAVA_HOME/bin/}java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p'); \
	test "$${version:-0}" -ge 17 || { \
	  echo "Winnow needs Java 17 or newer (found: $${version:-none}). Install it with" >&2; \
	  echo "  apt-get install openjdk-17-jre-headless    or    brew install openjdk@17" >&2; exit 2; }

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Winnow needs Python 3.11 or newer: make PYTHON=python3.11 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: setup.cfg pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable .
	touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(PIP) --editable '.[dev]'
	touch $@
