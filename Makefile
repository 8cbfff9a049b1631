# Every target sets up what it needs. `make` lists them.

PYTHON ?= python3
OUTPUT ?= out/sample
VENV := .venv
RUN := $(VENV)/bin
PIP := $(RUN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' curation/__init__.py)
WHEEL := dist/winnow_curation-$(VERSION)-py3-none-any.whl
ZIP := dist/winnow-curation-$(VERSION)-pyfiles.zip
SOURCES := $(shell find curation classifiers schemas -not -path '*__pycache__*')  # folders too: files go
# All that a run needs but the project itself: what executors have when code comes as a zip.
ENV_PIP := build/env/bin/python -m pip --disable-pip-version-check --quiet
export PYTHONWARNINGS = ignore::Warning:setuptools

.DEFAULT_GOAL := help
.PHONY: help install pipeline test cluster-test check bench bench-extraction bench-scaling bench-planning bench-heuristics bench-pii bench-blocklist bench-sandbox bench-formulas bench-model bench-toxicity bench-dedup bench-fasttext bench-quality bench-dumps bench-decontaminate bench-tokens bench-loader bench-encoder bench-semantic dist dist-env clean java

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/run.stamp ## make .venv with what a run needs

pipeline: java $(VENV)/run.stamp ## run the bundled sample into OUTPUT (out/sample)
	$(RUN)/curate run --recipe sample --output $(OUTPUT)

test: java $(VENV)/dev.stamp ## run the tests, S3 server and Spark included
	OMP_NUM_THREADS=1 $(RUN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

cluster-test: $(ZIP) build/env.stamp $(wildcard dist/environment.tar.gz) java ## run the jobs on a real Spark cluster of this machine
	$(RUN)/python -m pytest tests/cluster

check: $(VENV)/dev.stamp ## lint and type-check
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

bench: $(VENV)/dev.stamp java ## measure a run: make bench DATA=FOLDER SET=key=value
	$(RUN)/python -m benchmarks.pipeline $(or $(DATA),'curation/sample/*.warc.gz') $(addprefix --set ,$(SET))

bench-extraction: $(VENV)/dev.stamp ## measure extraction against pages whose text is known: DATA=FOLDER
	$(RUN)/python -m benchmarks.extraction $(DATA) $(ARGUMENTS)

bench-scaling: $(VENV)/dev.stamp java ## measure steps and growth on a cluster of this machine: DATA=FOLDER
	$(RUN)/python -m benchmarks.scaling $(or $(DATA),out/scaling) $(ARGUMENTS)

bench-planning: $(VENV)/dev.stamp java ## measure the driver's memory over 90,000 WARC files
	$(RUN)/python -m benchmarks.planning $(ARGUMENTS)

bench-sandbox: $(VENV)/dev.stamp ## measure what the sandbox of extraction costs, and its memory: DATA=FOLDER
	$(RUN)/python -m benchmarks.sandbox $(DATA) $(ARGUMENTS)

bench-heuristics: $(VENV)/dev.stamp ## measure rules of pages and lines beside datatrove: DATA=FOLDER
	$(RUN)/python -m benchmarks.heuristics $(DATA) $(ARGUMENTS)

bench-pii: $(VENV)/dev.stamp ## measure the finder of PII beside Presidio and datatrove: DATA=FOLDER
	$(RUN)/python -m benchmarks.pii $(DATA) $(ARGUMENTS)

bench-fasttext: $(VENV)/dev.stamp ## measure fastText models beside the package: DATA=TEXTS.parquet
	$(RUN)/python -m benchmarks.fasttext $(DATA) $(ARGUMENTS)

bench-quality: $(VENV)/dev.stamp ## measure quality, domains and topics on judged pages: DATA=FOLDER
	$(RUN)/python -m benchmarks.quality $(DATA) $(ARGUMENTS)

bench-dumps: $(VENV)/dev.stamp ## measure the reading of Wikipedia's dumps: ARGUMENTS=XML
	$(RUN)/python -m benchmarks.dumps $(ARGUMENTS)

bench-encoder: $(VENV)/dev.stamp ## measure encoders beside the plain batched loop: ARGUMENTS='--model FOLDER --texts FILE'
	$(RUN)/python -m benchmarks.encoder $(ARGUMENTS)

bench-decontaminate: $(VENV)/dev.stamp ## measure the search for benchmarks: ARGUMENTS='--benchmark NAME=FILE --texts FILE'
	$(RUN)/python -m benchmarks.decontaminate $(ARGUMENTS)

bench-tokens: $(VENV)/dev.stamp ## measure token counts and their estimate: DATA=RUN ARGUMENTS='--sentences FILE'
	$(RUN)/python -m benchmarks.token_counts $(DATA) $(ARGUMENTS)

bench-loader: $(VENV)/dev.stamp ## measure the reading of shards: DATA=SHARDS or TEXTS.jsonl
	$(RUN)/python -m benchmarks.loader $(DATA) $(ARGUMENTS)

bench-semantic: $(VENV)/dev.stamp ## measure semantic deduplication of made vectors
	OMP_NUM_THREADS=1 $(RUN)/python -m benchmarks.semantic

bench-dedup: $(VENV)/dev.stamp java ## measure deduplication beside datatrove, text-dedup and distributed-curator: DATA=FOLDER
	$(RUN)/python -m benchmarks.dedup $(or $(DATA),out/dedup) $(ARGUMENTS)

bench-blocklist: $(VENV)/dev.stamp ## measure block lists of 5 million domains: compilation, matches, memory
	$(RUN)/python -m benchmarks.blocklist $(ARGUMENTS)

bench-formulas: $(VENV)/dev.stamp ## render formulas in 41 ways (needs npm) and look for them: DATA=FOLDER
	$(RUN)/python -m benchmarks.formulas $(or $(DATA),out/formulas)

bench-model: $(VENV)/dev.stamp ## compute 3 billion pages on 100 nodes from what bench-scaling measured
	$(RUN)/python -m benchmarks.model $(or $(DATA),out/scaling)/measured.json $(ARGUMENTS)

bench-toxicity: $(VENV)/dev.stamp ## measure the toxicity model on texts and pages it has not seen: DATA=FOLDER
	$(RUN)/python -m benchmarks.toxicity $(DATA) $(ARGUMENTS)

dist: $(ZIP) ## build the wheel, the source archive and a zip for --py-files into dist/

dist-env: dist/environment.tar.gz ## pack what executors need besides Spark and Python, for --archives

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
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 2; }

$(VENV)/run.stamp: setup.cfg pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable '.[ml,ray]'
	touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(PIP) --editable '.[ml,ray,dev]'
	touch $@

$(ZIP): $(SOURCES) setup.cfg pyproject.toml README.md | $(VENV)/dev.stamp
	$(RUN)/python -m build --quiet --outdir dist
	cp $(WHEEL) $@

build/env.stamp: setup.cfg constraints.txt | $(ZIP)
	$(RUN)/python -m venv --clear build/env
	$(ENV_PIP) install --constraint constraints.txt $(WHEEL)
	$(ENV_PIP) uninstall --yes winnow-curation
	touch $@

# Spark brings pyspark itself; its metadata stays, for a run notes the version.
dist/environment.tar.gz: $(ZIP) build/env.stamp
	$(ENV_PIP) install --no-deps $(WHEEL)
	$(RUN)/venv-pack --quiet --force --prefix build/env --exclude '*/site-packages/pyspark/*' --output $@
	$(ENV_PIP) uninstall --yes winnow-curation
