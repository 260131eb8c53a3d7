# The commands of the project; `make` alone lists them.

PYTHON ?= python3
EXTRA ?=
PORT ?= 4200
LOCK := requirements$(if $(EXTRA),-$(EXTRA)).lock
VENV := .venv
INSTALLED := $(VENV)/.installed-from-$(LOCK)

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup doctor repro flow serve worker notify tune diff gate promote rollback errors verify gpu-check fsck space gc test lint check lock bench

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## make the environment in .venv from the lock file (EXTRA=gpu adds CUDA)

# It makes no environment: whether there is one is what it is asked.
doctor: ## say what is missing or misset on this machine, and the command that mends it
	@test -x $(VENV)/bin/python || { \
		echo "error: expected an environment in $(VENV), found none; make it: make setup" >&2; \
		exit 1; }
	@$(VENV)/bin/python -m pipelines.doctor

repro: $(INSTALLED) ## run the pipeline: only what is not up to date
	python -m pipelines.repro

flow: $(INSTALLED) ## run the pipeline as a Prefect flow, on this machine
	python -m pipelines.flow

serve: $(INSTALLED) ## run Prefect here until Ctrl-C: server, UI, deployments, worker (PORT=4200)
	python -m pipelines.serve --port $(PORT)

worker: $(INSTALLED) ## run what is handed to a pool, on a GPU machine: make worker POOL=gpu (CACHE_GB=20)
	python -m pipelines.worker "$(or $(POOL),gpu)" --cache-gigabytes "$(or $(CACHE_GB),20)"

fsck: $(INSTALLED) ## rehash what any commit needs in DVC's cache and remote, and mend it from the other side
	@python -m pipelines.fsck || test $$? -ge 3

space: $(INSTALLED) ## say what DVC's cache holds, by branch, tag and stage
	@python -m pipelines.space show

gc: $(INSTALLED) ## say what nobody needs in DVC's cache; make gc FORCE=1 removes it (RUNS=10)
	@python -m pipelines.space collect $(if $(RUNS),--runs "$(RUNS)") $(if $(FORCE),--force)

notify: $(INSTALLED) ## tell of failed runs and fallen accuracy: make notify BLOCK=slack-webhook/alerts
	python -m pipelines.notify "$(BLOCK)"

tune: $(INSTALLED) ## search recipes and measure a learning curve, as tuning/params.yaml says
	dvc repro tuning/dvc.yaml

# Its exit codes from 3 on are verdicts, not failures.
diff: $(INSTALLED) ## tell what differs between two commits: make diff A=main~1 B=main (MARKDOWN=1)
	@python -m pipelines.diff $(if $(MARKDOWN),--markdown) -- "$(or $(A),HEAD~1)" "$(or $(B),HEAD)" || test $$? -ge 3

gate: $(INSTALLED) ## judge whether the model here may be promoted, as params.yaml demands
	@python -m pipelines.gate || test $$? -ge 3

promote: $(INSTALLED) ## register a commit's model as a version, and assign the gate's stage: make promote REV=main
	@python -m pipelines.promote promote $(if $(PUSH),--push "$(PUSH)") -- "$(or $(REV),HEAD)"

rollback: $(INSTALLED) ## assign a stage to the version that had it before: make rollback STAGE=production
	@python -m pipelines.promote rollback $(if $(PUSH),--push "$(PUSH)") -- "$(or $(STAGE),production)"

errors: $(INSTALLED) ## show which errors are new and fixed between two commits: make errors A=main~1 B=main
	python -m stages.compare "$(A)" "$(B)"

# make knows no exit code but its own: scripts ask python -m pipelines.verify.
verify: $(INSTALLED) ## run a commit's pipeline anew and compare with what it recorded: make verify REV=v1.2.0
	@python -m pipelines.verify -- "$(or $(REV),HEAD)"

gpu-check: $(INSTALLED) ## train on this machine's GPU in several ways and print a table to send back
	python -m benchmarks.gpu

test: $(INSTALLED) ## run the tests
	pytest

lint: $(INSTALLED) ## check format, style, types and who imports whom
	pre-commit run --all-files

check: lint test ## lint, then test

bench: $(INSTALLED) ## measure what the README quotes (about an hour; leave the machine alone)
	python -m benchmarks.training
	python -m benchmarks.pipeline
	python -m benchmarks.orchestration
	python -m benchmarks.reproducibility
	python -m benchmarks.worker
	python -m benchmarks.recipes
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
	$(VENV)/bin/uv pip sync --quiet --python $(VENV)/bin/python --require-hashes --compile-bytecode $(LOCK)
	@touch $@
