# One verb per need. Only Python >= 3.11, git and make are needed: everything else goes into .venv, in locked versions.
#   make demo    a hotel's books appear            make test    the tests
#   make lint    form        make types   types    make all     what CI runs, but the demo
#   make sweep   the tests, with every point of the sweeps
#   make proof   everything that can go wrong, done to real processes: hours; a second start goes on where it was
#   make search  state machines with cases nobody has seen      make fuzz   spoilt files, text and answers, counted
#   make safeguards, make mutants   what the tests notice when the code is changed       make audit   known holes in what we use
#   make bench   ratios: how the work grows with the hotel, what a start costs
#   make lock    resolve the versions anew (needs uv)

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
MARK := $(VENV)/.installed

# The newest Python on the path that is new enough; PYTHON=... names another.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then command -v $$p; break; fi; done)

PROOF ?=

.PHONY: all demo test sweep proof search fuzz safeguards mutants audit lint fmt types bench lock clean
.DEFAULT_GOAL := all

all: lint types test

demo: $(MARK)
	@$(BIN)/zsync demo

test: $(MARK)
	@$(BIN)/python -m pytest -q --numprocesses auto --dist worksteal

sweep: $(MARK)
	@$(BIN)/python -m pytest -q --numprocesses auto --dist worksteal --thorough

# PROOF="--family storm" and the like: `python -m proof --help`
proof: $(MARK)
	@$(BIN)/python -m proof --json proof-report.json --into docs/guarantees.md $(PROOF)

search: $(MARK)
	@$(BIN)/python -m pytest -q --hypothesis-profile=search \
	  tests/state/test_journal_machine.py tests/engine/test_engine_machine.py tests/e2e/test_firm_machine.py

fuzz: $(MARK)
	@PYTHONPATH=tests $(BIN)/python -m fuzz --cases 200 --into docs/guarantees.md

safeguards: $(MARK)
	@$(BIN)/python -m proof.safeguards

# mutmut is no part of the environment: it is asked for only here
mutants: $(MARK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'mutmut>=3.8,<4'
	@$(BIN)/python -m proof.mutants --page docs/mutants.md

audit: $(MARK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit
	@$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock

lint: $(MARK)
	@$(BIN)/ruff check src tests benchmarks proof
	@$(BIN)/ruff format --check src tests benchmarks proof

fmt: $(MARK)
	@$(BIN)/ruff check --fix src tests benchmarks proof
	@$(BIN)/ruff format src tests benchmarks proof

types: $(MARK)
	@$(BIN)/mypy

bench: $(MARK)
	@PYTHONPATH=tests $(BIN)/python benchmarks/growth.py
	@PYTHONPATH=tests $(BIN)/python benchmarks/pace.py

# The file names neither a host nor a path: --no-header and --no-emit-index-url keep both out.
lock:
	@uv=$$(command -v uv || echo $(BIN)/uv); \
	  $$uv pip compile pyproject.toml --extra dev --extra sandbox --generate-hashes --universal --python-version 3.11 \
	    --no-header --no-emit-index-url --quiet --output-file requirements.lock
	@echo "requirements.lock is up to date"

$(MARK): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
	  echo "error: no Python 3.11 or newer with venv on the path" >&2; \
	  echo "hint: install python3.11 (Debian, Ubuntu: also python3.11-venv), or: make PYTHON=/path/to/python3" >&2; exit 1; fi
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(MARK)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
