# The words of this project: run, test, test-peers, check, docs, wheel, soak, bench, clean. Each sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test test-peers check setup docs wheel soak bench clean

run: .venv/runtime  ## post today's edition to this terminal
	@$(BIN)/thisday post --again

test: .venv/development  ## all tests
	@$(BIN)/python -m pytest

test-peers: .venv/development  ## the channels against servers of others, which it brings into .peers
	@$(BIN)/python -m pytest tests/peers

check: .venv/development  ## what must hold before a commit: lint, types, layers, sizes, fresh documents
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python tests/sizes.py
	@$(BIN)/python docs/generate.py --check
	@$(BIN)/thisday check

setup: .venv/development  ## everything for working on it

docs: .venv/development  ## write the generated pages of docs/reference
	@$(BIN)/python docs/generate.py

wheel: .venv/development  ## dist/*.whl
	@$(BIN)/python -m build --quiet

soak: .venv/development  ## the long runs: a witness at every crash point, every day of a year for every kind
	@THISDAY_SOAK=1 $(BIN)/python -m pytest tests/witness tests/rendering/test_every_kind.py
	@$(BIN)/python bench/soak.py
	@$(BIN)/python bench/fleet.py

bench: .venv/development  ## measure, and print the ratios
	@$(BIN)/python bench/start.py
	@$(BIN)/python bench/due.py
	@$(BIN)/python bench/card.py
	@$(BIN)/python bench/ledger.py
	@$(BIN)/python bench/flat.py
	@$(BIN)/python bench/drain.py
	@$(BIN)/python bench/deliver.py

clean:  ## all that was made here
	rm -rf .venv .peers dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -m venv .venv

.venv/runtime: pyproject.toml | .venv/bin/python
	@$(PIP) --editable .
	@touch $@

.venv/development: .venv/runtime
	@$(PIP) --upgrade pip
	@$(PIP) --group dev
	@touch $@
