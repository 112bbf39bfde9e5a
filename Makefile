# `make` lists what there is. Everything is set up in .venvs/ and .demo/, inside this directory; nothing else is touched.

# The Python that environments are made with: make PYTHON=python3.12 test
PYTHON ?= python3
PY := .venvs/dev/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-destinations docs format bench clean FORCE

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | awk -F@ '{ printf "%-24s %s\n", $$1, $$2 }'

setup: .venvs/dev/ready ## set up the Python environment for development in .venvs/dev

demo: ## load three days of a sandbox account into a real PostgreSQL, and ask it questions
	@$(MAKE) --no-print-directory --silent -j2 .venvs/dev/ready .venvs/meltano/ready
	@exec $(PY) -m demo

test: .venvs/dev/ready .venvs/target-postgres/ready ## check format, lint, types and the contract, and run the tests
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(PY) -m tools.gate
	@$(PY) -m tools.reference
	@TARGET_POSTGRES="$(CURDIR)/.venvs/target-postgres/bin/target-postgres" $(PY) -m pytest -q --ignore tests/destinations

test-destinations: .venvs/dev/ready .venvs/meltano/ready .venvs/fakesnow/ready ## test every destination and the models, with Meltano
	@$(PY) -m tests.destinations
	@$(PY) -m pytest -q tests/destinations

docs: .venvs/dev/ready ## write docs/reference from schemas/ (make test does it too)
	@$(PY) -m tools.reference

format: .venvs/dev/ready ## format the code, and mend what the linter can mend
	@$(PY) -m ruff check --fix --exit-zero .
	@$(PY) -m ruff format .

bench: .venvs/dev/ready ## measure speed and memory against the sandbox
	@$(PY) -m benchmarks

clean: ## remove the environments, the demo and all caches (not .meltano: the state of your own runs is there)
	@rm -rf .venvs .demo .destinations .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call environment,<what it is>,<how long it takes>,<arguments of pip install>): make the target's environment anew.
define environment
@echo "Setting up $(1) in $(@D) ($(2))..."
@rm -rf $(@D)
@{ "$$(cat .venvs/python)" -m venv $(@D) \
	&& $(@D)/bin/python -m pip install --upgrade pip \
	&& $(@D)/bin/python -m pip install $(3); } > $(@D).log 2>&1 \
	|| { tail -n 20 $(@D).log; echo "Setting up $(1) failed. The whole log: $(@D).log"; exit 1; } >&2
@touch $@
endef

.venvs/dev/ready: pyproject.toml .venvs/python
	$(call environment,Python environment,about a minute,--editable . --group dev)

.venvs/target-postgres/ready: .venvs/python
	$(call environment,target-postgres,about 20 seconds,'meltanolabs-target-postgres~=0.8.1')

.venvs/fakesnow/ready: .venvs/python
	$(call environment,fakesnow,about half a minute,'fakesnow[server]==0.12.1' 'snowflake-connector-python<5')

.venvs/meltano/ready: .venvs/python
	$(call environment,Meltano,about half a minute,'meltano~=4.4')

# Which Python the environments are made of: they are made anew when it is another one.
.venvs/python: FORCE
	@mkdir -p $(@D)
	@"$(PYTHON)" -c "import sys, ensurepip, venv; print(sys._base_executable) if sys.version_info >= (3, 10) else sys.exit(1)" > $@.new 2>/dev/null \
		|| { rm -f $@.new; echo "'$(PYTHON)' is no Python 3.10 or newer with venv and pip: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
