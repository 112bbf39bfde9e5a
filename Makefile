# Run `make` to list the targets. Everything goes into .venvs/ and .demo/ in this directory; nothing else is touched.

# The Python used to create the environments: make PYTHON=python3.12 test
PYTHON ?= python3
PY := .venvs/dev/bin/python
# Beside the newest dbt-core that is supported, the others; each has an environment of its own.
OLDER_DBT := 1.8 1.9 1.10
# Below tests/, what has a target of its own.
SLOWER := destinations models airbyte orchestration image report
COMMA := ,
# The loaders that Meltano doesn't install here: an environment for each, empty where Python is too new for it.
LOADERS := pipelinewise-target-postgres target-csv target-s3 z3-target-bigquery bqemulator dlt

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-stop test test-thorough test-destinations snowflake-check test-models test-report test-airbyte test-orchestration image-test audit docs lock dist format bench clean FORCE

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | awk -F@ '{ printf "%-24s %s\n", $$1, $$2 }'

setup: .venvs/dev/ready ## create the development environment in .venvs/dev

demo: ## load sixty nights of a sandbox account into a real PostgreSQL, query it and write a report; KEEP=1: leave it running
	@$(MAKE) --no-print-directory --silent -j2 .venvs/dev/ready .venvs/meltano/ready
	@exec $(PY) -m demo $(if $(KEEP),--keep)

demo-stop: ## stop the PostgreSQL that `make demo KEEP=1` has left running
	@$(PY) -m demo --stop

test: .venvs/dev/ready .venvs/target-postgres/ready ## check formatting, lint, types and the contract, and run the tests
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@.venvs/dev/bin/lint-imports --no-cache > .venvs/imports.log || { cat .venvs/imports.log; exit 1; }
	@$(PY) -m tools.gate
	@$(PY) -m tools.models --check
	@$(PY) -m tools.reference --check
	@$(PY) -m tools.lists --check
	@TARGET_POSTGRES="$(CURDIR)/.venvs/target-postgres/bin/target-postgres" $(PY) -m pytest -q $(SLOWER:%=--ignore tests/%)

test-thorough: .venvs/dev/ready .venvs/target-postgres/ready ## run what make test leaves out: all random examples and mutants, kills, the archives, and mistakes that tests must notice
	@THOROUGH=1 TARGET_POSTGRES="$(CURDIR)/.venvs/target-postgres/bin/target-postgres" \
		$(PY) -m pytest -q -m "random or thorough" --timeout=900 $(SLOWER:%=--ignore tests/%)
	@$(PY) -m tools.mutants

test-destinations: .venvs/dev/ready .venvs/meltano/ready .venvs/fakesnow/ready ## test every destination and the dbt models with Meltano
	@$(MAKE) --no-print-directory -j2 $(LOADERS:%=.venvs/%/ready)
	@$(PY) -m tests.destinations
	@export KILLS_SEED=$${KILLS_SEED:-$$(date +%s)}; echo "KILLS_SEED=$$KILLS_SEED"; $(PY) -m pytest -q tests/destinations

snowflake-check: .venvs/dev/ready .venvs/meltano/ready ## test target-snowflake and the models in your own account, which TARGET_SNOWFLAKE_* name
	@$(PY) -m tests.destinations.snowflake.check

test-models: .venvs/dev/ready .venvs/dbt/ready .venvs/dbt-dialects/ready .venvs/dbt-2/ready $(OLDER_DBT:%=.venvs/dbt-%/ready) ## test the dbt package: random histories, installation, older dbt, BigQuery and Snowflake
	@$(PY) -m pytest -q tests/models

test-airbyte: .venvs/airbyte/ready ## test the Airbyte source with airbyte-cdk's standard tests and PyAirbyte
	@.venvs/airbyte/bin/python -m mypy --config-file pyproject.toml --package tap_ayrshare.airbyte
	@AIRBYTE_OFFLINE_MODE=1 .venvs/airbyte/bin/python -m pytest -q -c tests/airbyte/pytest.ini --rootdir . tests/airbyte

test-orchestration: .venvs/dev/ready .venvs/meltano/ready .venvs/airflow/ready .venvs/dagster/ready ## run the Airflow, Dagster and Kubernetes recipes with Meltano
	@$(PY) -m tests.orchestration
	@$(PY) -m pytest -q --numprocesses=2 --timeout=600 tests/orchestration

image-test: .venvs/dev/ready ## build and run the images with buildah; BASE=pinned takes the base image from its registry
	@$(PY) -m tests.image
	@BASE="$(BASE)" $(PY) -m pytest -q --numprocesses=0 --timeout=900 -rP tests/image

test-report: .venvs/report/ready .venvs/meltano/ready ## run the demo, and test its report and questions in Chromium
	@.venvs/report/bin/python -m pytest -q -p no:xdist -o addopts= -o timeout=1200 tests/report

audit: .venvs/dev/ready .venvs/audit/ready ## check licenses, known vulnerabilities and imports of what a user installs
	@$(PY) -m tools.audit

docs: .venvs/dev/ready ## generate docs/reference, hub/tap-ayrshare.yml and the models' definitions (make test checks them)
	@$(PY) -m tools.models
	@$(PY) -m tools.reference
	@$(PY) -m tools.lists
	@$(PY) -m tools.hub

lock: .venvs/dev/ready .venvs/uv/ready ## pin what has changed in pyproject.toml or meltano.yml in requirements/; ARGS=--upgrade takes the newest
	@PATH="$(CURDIR)/.venvs/uv/bin:$$PATH" $(PY) -m tools.lock $(ARGS)

dist: .venvs/release/ready ## build the archives, and a list of what they install (SBOM)
	@rm -rf dist sbom && mkdir sbom
	@.venvs/release/bin/python -m build --no-isolation > .venvs/release/build.log || { cat .venvs/release/build.log; exit 1; }
	@.venvs/release/bin/cyclonedx-py requirements requirements/tap.txt --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-file sbom/tap-ayrshare.cdx.json
	@ls dist/* sbom/*

format: .venvs/dev/ready ## format the code and apply the linter's fixes
	@$(PY) -m ruff check --fix --exit-zero .
	@$(PY) -m ruff format .

bench: .venvs/dev/ready .venvs/target-postgres/ready .venvs/airbyte/ready ## measure speed and memory against the sandbox
	@$(PY) -m benchmarks

clean: ## remove the environments, the demo and all caches (but not .meltano, which has the state of your own runs)
	@rm -rf .venvs .demo .destinations .orchestration .image sbom .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
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

# LOCKED=1 installs exactly requirements/dev.txt, in place of the newest packages that fit.
.venvs/dev/ready: pyproject.toml .venvs/python
ifdef LOCKED
	$(call environment,locked Python environment,about a minute,--require-hashes --requirement requirements/dev.txt)
	@$(PY) -m pip install --quiet --no-deps --editable .
else
	$(call environment,Python environment,about a minute,--editable . --group dev)
endif

.venvs/release/ready: requirements/release.txt .venvs/python
	$(call environment,build and cyclonedx-bom,about 20 seconds,--require-hashes --requirement requirements/release.txt)

.venvs/uv/ready: .venvs/python
	$(call environment,uv,about 10 seconds,'uv==0.13.9')

.venvs/airflow/ready: .venvs/python
	$(call environment,Airflow,about a minute,'apache-airflow==3.3.2')

.venvs/dagster/ready: .venvs/python
	$(call environment,Dagster and kubernetes-validate,about a minute,'dagster==1.13.29' 'kubernetes-validate==1.37.0')

.venvs/airbyte/ready: pyproject.toml .venvs/python
	$(call environment,airbyte-cdk and PyAirbyte,about two minutes,--editable '.[airbyte]' --group airbyte)

.venvs/report/ready: pyproject.toml .venvs/python
	$(call environment,Playwright and the report,about half a minute,--editable '.[report]' --group report)

.venvs/target-postgres/ready: .venvs/python
	$(call environment,target-postgres,about 20 seconds,'meltanolabs-target-postgres~=0.8.1')

.venvs/pipelinewise-target-postgres/ready: .venvs/python
	$(call environment,pipelinewise-target-postgres,about 10 seconds,'pipelinewise-target-postgres==2.1.2; python_version < "3.12"')

.venvs/target-csv/ready: .venvs/python
	$(call environment,target-csv,about 10 seconds,'meltanolabs-target-csv==0.5.0')

.venvs/target-s3/ready: .venvs/python
	$(call environment,target-s3,about half a minute,'plinxore-target-s3==0.1.7; python_version < "3.13"')

# Its singer-sdk imports pkg_resources, which later versions of setuptools don't have.
.venvs/z3-target-bigquery/ready: .venvs/python
	$(call environment,z3-target-bigquery,about half a minute,'z3-target-bigquery==0.7.2; python_version < "3.12"' 'setuptools<81')

.venvs/bqemulator/ready: .venvs/python
	$(call environment,bqemulator,about half a minute,'bqemulator==1.4.0; python_version >= "3.11"' 'numpy>=1.26')

.venvs/dlt/ready: .venvs/python
	$(call environment,dlt and moto,about half a minute,'dlt[duckdb$(COMMA)sqlalchemy]==1.31.0' 'pymysql==1.2.4' 'moto[s3$(COMMA)server]==5.2.5')

.venvs/audit/ready: .venvs/python
	$(call environment,pip-audit and pip-licenses,about 20 seconds,'pip-audit~=2.9' 'pip-licenses~=5.5')

.venvs/fakesnow/ready: .venvs/python
	$(call environment,fakesnow,about half a minute,'fakesnow[server]==0.12.1' 'snowflake-connector-python<5')

.venvs/dbt/ready: .venvs/python
	$(call environment,dbt,about a minute,'dbt-core>=1.11$(COMMA)<1.12' 'dbt-postgres~=1.9' 'dbt-duckdb~=1.9' 'duckdb<1.3' 'dbt-metricflow~=0.11')

$(OLDER_DBT:%=.venvs/dbt-%/ready): .venvs/dbt-%/ready: .venvs/python
	$(call environment,dbt $*,about half a minute,'dbt-core~=$*.0' 'dbt-duckdb~=$*.0' 'duckdb<1.3')

.venvs/dbt-dialects/ready: .venvs/python
	$(call environment,dbt for BigQuery and Snowflake,about a minute,'dbt-core>=1.11$(COMMA)<1.12' 'dbt-bigquery~=1.12' 'dbt-snowflake~=1.12')

# The newest that PyPI has as a package; later ones are downloaded from elsewhere while they are installed.
.venvs/dbt-2/ready: .venvs/python
	$(call environment,dbt 2,about half a minute,--only-binary :all: 'dbt==2.0.0rc196')

.venvs/meltano/ready: .venvs/python
	$(call environment,Meltano,about half a minute,'meltano~=4.4')

# Records which Python the environments use; they are recreated when it changes.
.venvs/python: FORCE
	@mkdir -p $(@D)
	@"$(PYTHON)" -c "import sys, ensurepip, venv; print(sys._base_executable) if sys.version_info >= (3, 10) else sys.exit(1)" > $@.new 2>/dev/null \
		|| { rm -f $@.new; echo "'$(PYTHON)' isn't Python 3.10 or later with venv and pip; try: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
