# Everything a newcomer needs: `make demo` shows the product, `make test` proves it. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
RUN := $(VENV)/.run-stamp
DEV := $(VENV)/.dev-stamp
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

# Hundreds of tests share a machine with real servers; what fails among them must fail alone, too, to be a defect.
ALONE := echo "What failed, once more and alone; a test that passes now depends on its neighbours: mend that, too." && \
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures none

.PHONY: help setup demo run test faults check bench docs lock messages clean

help:  ## Say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-9s %s\n", $$1, $$2}'

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("pganomaly needs Python 3.11 or later: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(RUN): requirements/run.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements/dev.txt $(RUN)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

setup: $(DEV)  ## Create .venv with everything, and the PostgreSQL servers of the tests
	$(BIN)/python tests/servers/fetch.py

demo: $(RUN)  ## A real PostgreSQL, a busy shop, mischief, and what pganomaly says of it
	$(BIN)/pganomaly demo $(ARGS)

run: $(RUN)  ## Watch the server that .env names
	$(BIN)/pganomaly run $(ARGS)

test: setup  ## All tests, on real servers 13 to 18
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS) || { test $$? -eq 1 && $(ALONE); }

faults: setup  ## Every fault on real servers, oldest and newest, and a table of how each was told
	FAULTS=all $(BIN)/python -m pytest tests/faults -n $(WORKERS) --dist loadgroup $(ARGS)

check: $(DEV)  ## Lint, types, import contracts, translations, pages made of the code
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/messages.py --check
	$(BIN)/python -m tools.env_example --check
	$(BIN)/python -m tools.reference --check

docs: $(DEV)  ## Write the pages that are made of the code, and .env.example
	$(BIN)/python -m tools.env_example
	$(BIN)/python -m tools.reference

bench: setup  ## Ratios against a baseline timed in the same run
	$(BIN)/python -m benchmarks $(ARGS)

messages: $(DEV)  ## Collect new sentences into the catalogue and compile it
	$(BIN)/python tools/messages.py

lock: $(DEV)  ## Pin every dependency with its hashes
	$(COMPILE) pyproject.toml -o requirements/image.txt
	$(COMPILE) pyproject.toml --extra demo --group build -c requirements/image.txt -o requirements/run.txt
	$(COMPILE) pyproject.toml --extra demo --group build --group dev -c requirements/run.txt -o requirements/dev.txt

clean:  ## Remove what the other targets made
	rm -rf $(VENV) .servers dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
