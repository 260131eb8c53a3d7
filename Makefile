# The commands of the project; `make` alone lists them.

PYTHON ?= python3
EXTRA ?=
LOCK := requirements$(if $(EXTRA),-$(EXTRA)).lock
VENV := .venv
INSTALLED := $(VENV)/.installed-from-$(LOCK)

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup doctor repro flow serve tune test test-all faults lint check lock bench

help: ## list these targets; python -m pipelines --help lists every other command
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## create the environment in .venv from the lock file (EXTRA=gpu adds CUDA)

# It does not depend on the environment: whether there is one is the first thing it checks.
doctor: ## check this machine, and name the command that fixes each fault
	@test -x $(VENV)/bin/python || { \
		echo "error: expected an environment in $(VENV), found none; create it: make setup" >&2; \
		exit 1; }
	@$(VENV)/bin/python -m pipelines doctor

repro: $(INSTALLED) ## run the pipeline: only what is not up to date
	@python -m pipelines repro

flow: $(INSTALLED) ## run the pipeline as a Prefect flow, on this machine
	@python -m pipelines flow

serve: $(INSTALLED) ## run Prefect here until Ctrl-C: server, UI, schedules, worker
	@python -m pipelines serve

tune: $(INSTALLED) ## search recipes and measure a learning curve, see tuning/params.yaml
	dvc repro tuning/dvc.yaml

test: $(INSTALLED) ## run the tests, without most of the slow ones
	pytest -m "not slow or core"

test-all: $(INSTALLED) ## run all tests
	pytest

faults: $(INSTALLED) ## disturb every stage at every call to write, and count what holds (over an hour)
	python -m benchmarks.faults

lint: $(INSTALLED) ## check format, style, types and imports
	pre-commit run --all-files

check: lint test-all ## lint, then run all tests

bench: $(INSTALLED) ## measure what README and docs/ quote (about an hour; leave the machine alone)
	python -m benchmarks.training
	python -m benchmarks.pipeline
	python -m benchmarks.orchestration
	python -m benchmarks.reproducibility
	python -m benchmarks.worker
	python -m benchmarks.recipes
	python -m benchmarks.calibration
	python -m benchmarks.handwriting
	python -m benchmarks.tutorial

lock: $(INSTALLED) ## pin the newest versions that pyproject.toml allows, with hashes
	uv pip compile $(COMPILE) --output-file requirements.lock
	uv pip compile $(COMPILE) --extra gpu --constraint requirements.lock --output-file requirements-gpu.lock

COMPILE := pyproject.toml --quiet --upgrade --universal --python-version 3.11 --group dev --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

# uv itself is installed as the lock pins it, then installs the rest.
$(INSTALLED): $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo "error: expected Python 3.11, 3.12 or 3.13, found $$($(PYTHON) --version 2>&1); name one: make PYTHON=python3.12" >&2; \
		exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	awk '/^[^ #]/ {pinned = /^uv==/} pinned' $(LOCK) > $(VENV)/uv-pin.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv-pin.txt
	$(VENV)/bin/uv pip sync --python $(VENV)/bin/python --require-hashes --compile-bytecode $(LOCK)
	@touch $@
