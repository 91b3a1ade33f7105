PYTHON ?= python3
BIN := .venv/bin
# Prefect's database and Numba's compiled kernels stay inside the clone.
export PREFECT_HOME ?= $(CURDIR)/.venv/prefect
export NUMBA_CACHE_DIR ?= $(CURDIR)/.venv/numba

.PHONY: demo test test-fast lint bench clean

demo: .venv/ready  ## solve the shipped instance with live progress
	$(BIN)/horarium generate examples/small-university.ectt --time-limit 60 --output demo-timetable.sol

test: .venv/ready  ## every test
	$(BIN)/pytest

test-fast: .venv/ready  ## all but whole runs and servers
	$(BIN)/pytest -m "not slow"

lint: .venv/ready
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: .venv/ready
	$(BIN)/python -m benchmarks.speed.kernel

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
