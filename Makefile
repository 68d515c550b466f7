# Doorward. `make` alone lists what there is.

PYTHON ?= python3
ARGS ?=
UPGRADE ?=

# A worker more than there are processors, for tests wait a good deal; each file in one of them: its tests share
# what they start.
IN_PARALLEL ?= --numprocesses=$(shell expr $$(nproc 2>/dev/null || echo 1) + 1) --dist=loadfile

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install -qq
# The locks are complete. Left to follow dependencies, pip would look for a release of `coverage[toml]`, which a
# lock pins as `coverage`, and refuse the newest one for want of a hash.
LOCKED := --no-deps --require-hashes
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock"
LOCKS := $(addprefix requirements/,$(addsuffix .txt,runtime build test docs bench scan lock))
SOURCES := $(wildcard src tests benchmarks)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
.PHONY: help venv run test coverage soak check format bench docs dist lock clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# A stamp inside .venv for each group of packages. The runtime's stamp makes the environment anew when
# its lock changes, so that nothing of the old lock is left; the other stamps go with it.
RUNTIME := $(VENV)/.runtime
PROJECT := $(VENV)/.project
TEST := $(VENV)/.test
DOCS := $(VENV)/.docs
BENCH := $(VENV)/.bench

$(RUNTIME): requirements/runtime.txt requirements/build.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "make: Python 3.11 or later is needed, and '$(PYTHON)' is not that." >&2; \
	  echo "make: name another one: make $(or $(MAKECMDGOALS),venv) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: '$(PYTHON)' cannot make virtual environments." >&2; \
	  echo "make: on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) with the packages of requirements/runtime.txt ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) $(LOCKED) -r requirements/runtime.txt -r requirements/build.txt
	@touch $@

$(PROJECT): $(RUNTIME) pyproject.toml
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "$(BIN)/doorward is ready."

$(TEST): $(PROJECT) requirements/test.txt
	@echo "Adding the packages of requirements/test.txt ..."
	@$(PIP) $(LOCKED) -r requirements/test.txt
	@touch $@

$(DOCS): $(PROJECT) requirements/docs.txt
	@echo "Adding the packages of requirements/docs.txt ..."
	@$(PIP) $(LOCKED) -r requirements/docs.txt
	@touch $@

$(BENCH): $(PROJECT) requirements/bench.txt
	@echo "Adding the packages of requirements/bench.txt ..."
	@$(PIP) $(LOCKED) -r requirements/bench.txt
	@touch $@

venv: $(PROJECT)  ## set up .venv with the command `doorward` in it
	@:

run: $(PROJECT)  ## run the server on loopback, its state in .doorward (ARGS="..." for more)
	@exec $(BIN)/doorward serve --state .doorward $(ARGS)

test: $(TEST)  ## run the tests (ARGS="..." goes to pytest)
	$(BIN)/python -m pytest $(IN_PARALLEL) $(ARGS)

coverage: $(TEST)  ## run the tests and measure what they cover, in every process; takes half as long again
	$(BIN)/python -m pytest $(IN_PARALLEL) --cov --cov-report=term $(ARGS)

soak: $(TEST)  ## run the tests with the long fault and attack matrices
	DOORWARD_SOAK=1 $(BIN)/python -m pytest $(IN_PARALLEL) $(ARGS)

check: $(TEST)  ## look over format, lint, types and the walls between rooms
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/python -m pytest -q tests/architecture

format: $(TEST)  ## put the sources into their format and mend what ruff can mend
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

bench: $(BENCH)  ## run the benchmarks, one after the other
	@set -e; for file in $(sort $(wildcard benchmarks/[!_]*.py)); do \
	  echo "== $$file"; $(BIN)/python "$$file" $(ARGS); done

docs: $(DOCS)  ## build the pages into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html is ready."

dist: $(RUNTIME)  ## build the wheel into dist/
	@$(BIN)/python -m pip --disable-pip-version-check wheel -qq --no-deps --no-build-isolation \
	  --wheel-dir dist .
	@ls dist/*.whl

lock: $(RUNTIME)  ## write requirements/*.txt from what they are made of (UPGRADE=--upgrade for newer versions)
	@$(PIP) $(LOCKED) -r requirements/lock.txt
	@$(LOCK) $(UPGRADE) pyproject.toml -o requirements/runtime.txt
	@$(LOCK) $(UPGRADE) -c requirements/runtime.txt requirements/build.in -o requirements/build.txt
	@for group in test docs bench lock; do \
	  $(LOCK) $(UPGRADE) -c requirements/runtime.txt -c requirements/build.txt \
	    requirements/$$group.in -o requirements/$$group.txt || exit 1; done
	@# in an environment of its own: it wants versions that the runtime does not
	@$(LOCK) $(UPGRADE) -c requirements/build.txt requirements/scan.in -o requirements/scan.txt
	@! grep -nE '(https?|file)://' $(LOCKS) || { echo "make: a lock names a host." >&2; exit 1; }

clean:  ## remove what was built and cached; .venv and .doorward stay
	rm -rf build dist site htmlcov .coverage .coverage.* coverage.xml .hypothesis .import_linter_cache \
	  .mypy_cache .pytest_cache .ruff_cache
	find $(SOURCES) -type d -name __pycache__ -prune -exec rm -rf {} +
