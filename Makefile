# Two commands do everything on a fresh machine with Python 3.11+ and make: `make run` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench
TORTURE_STAMP := $(VENV)/.installed-torture
IMAGE := build/contract.binpb

.DEFAULT_GOAL := help
.PHONY: help setup run test bench torture check lint types buf generated generate package format release-contract clean

help: ## Say what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-18s %s\n", $$1, $$2 }'

setup: $(STAMP) ## Install the service and its tools into .venv

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=…")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo 'Installing into $(VENV) …'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

run: $(STAMP) ## Serve on embedded SQLite with a demo tenant, and print what to try
	@mkdir -p data
	@exec $(BIN)/consent serve --demo --database sqlite:///data/consent.db

test: $(STAMP) ## Run every test
	$(BIN)/python -m pytest -n 3 --dist loadfile

bench: $(BENCH_STAMP) ## Measure the service beside its floors: BENCH='--only check.unary --rounds 3' (see --help)
	$(BIN)/python -m tests.bench $(BENCH)

$(BENCH_STAMP): $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,bench]'
	@touch $@

torture: $(TORTURE_STAMP) ## Break the service on purpose: TORTURE='kill disk --minutes 5' (see --help)
	$(BIN)/python -m tests.torture $(TORTURE)

$(TORTURE_STAMP): $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,torture]'
	@touch $@

check: lint types buf generated test ## Lint, types, contract, fresh generated code, then every test

lint: $(STAMP) ## Hold the code, and the Dockerfile, to their style, and the code to what bandit knows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint Dockerfile
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml server protos

types: $(STAMP) ## Hold the code to its types
	$(BIN)/mypy

buf: $(STAMP) ## Lint and format the contract, and hold it to the last release
	$(BIN)/python protos/generate.py --image $(IMAGE)
	$(BIN)/buf lint $(IMAGE) --path consent/v1
	$(BIN)/buf format --diff --exit-code protos
	$(BIN)/buf breaking $(IMAGE) --path consent/v1 --against protos/released.binpb

generated: $(STAMP) ## Check that generated/ is what protos/ makes
	$(BIN)/python protos/generate.py --check

generate: $(STAMP) ## Fill generated/ from protos/, and what documents quote from the code
	$(BIN)/buf format -w protos
	$(BIN)/python protos/generate.py
	$(BIN)/python -m tests.wire.comments
	$(BIN)/python -m tests.wire.bounds
	$(BIN)/python -m tests.e2e.settings_table
	$(BIN)/python -m tests.docs.errors
	$(BIN)/python -m tests.docs.metrics_table
	$(BIN)/python -m tests.docs.torture_list

package: $(STAMP) ## Build the wheel and the sdist into dist/
	$(BIN)/hatchling build

release-contract: $(STAMP) ## Make today's contract the one that `make buf` holds later ones to
	$(BIN)/python protos/generate.py --image protos/released.binpb

format: $(STAMP) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove what was built and installed; data/ stays
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
