# Run `make` to list the targets. Everything goes into .venvs/ and .demo/ in this directory; nothing else is touched.

# The Python used to create the environments: make PYTHON=python3.12 test
PYTHON ?= python3
PY := .venvs/dev/bin/python
COMMA := ,

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-destinations test-models audit docs format bench clean FORCE

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | awk -F@ '{ printf "%-24s %s\n", $$1, $$2 }'

setup: .venvs/dev/ready ## create the development environment in .venvs/dev

demo: ## load three days of a sandbox account into a real PostgreSQL and query it
	@$(MAKE) --no-print-directory --silent -j2 .venvs/dev/ready .venvs/meltano/ready
	@exec $(PY) -m demo

test: .venvs/dev/ready .venvs/target-postgres/ready ## check formatting, lint, types and the contract, and run the tests
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@.venvs/dev/bin/lint-imports --no-cache > .venvs/imports.log || { cat .venvs/imports.log; exit 1; }
	@$(PY) -m tools.gate
	@$(PY) -m tools.models --check
	@$(PY) -m tools.reference --check
	@TARGET_POSTGRES="$(CURDIR)/.venvs/target-postgres/bin/target-postgres" $(PY) -m pytest -q --ignore tests/destinations --ignore tests/models

test-destinations: .venvs/dev/ready .venvs/meltano/ready .venvs/fakesnow/ready ## test every destination and the dbt models with Meltano
	@$(PY) -m tests.destinations
	@export KILLS_SEED=$${KILLS_SEED:-$$(date +%s)}; echo "KILLS_SEED=$$KILLS_SEED"; $(PY) -m pytest -q tests/destinations

test-models: .venvs/dev/ready .venvs/dbt/ready .venvs/dbt-oldest/ready ## test the dbt package: random histories, installation, dbt 1.8
	@$(PY) -m pytest -q tests/models

audit: .venvs/dev/ready .venvs/audit/ready ## check licenses, known vulnerabilities and imports of what a user installs
	@$(PY) -m tools.audit

docs: .venvs/dev/ready ## generate docs/reference from schemas/ (make test checks it)
	@$(PY) -m tools.models
	@$(PY) -m tools.reference

format: .venvs/dev/ready ## format the code and apply the linter's fixes
	@$(PY) -m ruff check --fix --exit-zero .
	@$(PY) -m ruff format .

bench: .venvs/dev/ready .venvs/target-postgres/ready ## measure speed and memory against the sandbox
	@$(PY) -m benchmarks

clean: ## remove the environments, the demo and all caches (but not .meltano, which has the state of your own runs)
	@rm -rf .venvs .demo .destinations .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call environment,<name>,<how long it takes>,<pip install arguments>): recreate the target's environment.
define environment
@echo "Setting up $(1) in $(@D) ($(2))..."
@rm -rf $(@D)
@{ "$$(cat .venvs/python)" -m venv $(@D) \
	&& $(@D)/bin/python -m pip install --upgrade pip \
	&& $(@D)/bin/python -m pip install $(3); } > $(@D).log 2>&1 \
	|| { tail -n 20 $(@D).log; echo "Setting up $(1) failed. Full log: $(@D).log"; exit 1; } >&2
@touch $@
endef

.venvs/dev/ready: pyproject.toml .venvs/python
	$(call environment,Python environment,about a minute,--editable . --group dev)

.venvs/target-postgres/ready: .venvs/python
	$(call environment,target-postgres,about 20 seconds,'meltanolabs-target-postgres~=0.8.1')

.venvs/audit/ready: .venvs/python
	$(call environment,pip-audit and pip-licenses,about 20 seconds,'pip-audit~=2.9' 'pip-licenses~=5.5')

.venvs/fakesnow/ready: .venvs/python
	$(call environment,fakesnow,about half a minute,'fakesnow[server]==0.12.1' 'snowflake-connector-python<5')

.venvs/dbt/ready: .venvs/python
	$(call environment,dbt,about a minute,'dbt-core>=1.11$(COMMA)<1.12' 'dbt-postgres~=1.9' 'dbt-duckdb~=1.9' 'duckdb<1.3' 'dbt-metricflow~=0.11')

.venvs/dbt-oldest/ready: .venvs/python
	$(call environment,dbt 1.8,about half a minute,'dbt-core~=1.8.0' 'dbt-duckdb~=1.8.0' 'duckdb<1.3')

.venvs/meltano/ready: .venvs/python
	$(call environment,Meltano,about half a minute,'meltano~=4.4')

# Records which Python the environments use; they are recreated when it changes.
.venvs/python: FORCE
	@mkdir -p $(@D)
	@"$(PYTHON)" -c "import sys, ensurepip, venv; print(sys._base_executable) if sys.version_info >= (3, 10) else sys.exit(1)" > $@.new 2>/dev/null \
		|| { rm -f $@.new; echo "'$(PYTHON)' isn't Python 3.10 or later with venv and pip; try: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
