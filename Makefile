PYTHON ?= python3
BIN := .venv/bin
# Prefect's database stays inside the clone.
export PREFECT_HOME ?= $(CURDIR)/.venv/prefect

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
	$(BIN)/python -c "from timetabling.kernels import warm_up; warm_up()"
	touch $@
