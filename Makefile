PYTHON ?= python3
BIN := .venv/bin
# Prefect's database, and what is learned from runs, stay inside the clone.
export PREFECT_HOME ?= $(CURDIR)/.venv/prefect
export HORARIUM_STATE_FOLDER ?= $(CURDIR)/.venv/state

.PHONY: demo test test-fast nightly lint bench clean

demo: .venv/kernels  ## solve the shipped instance with live progress
	$(BIN)/horarium generate examples/small-university.ectt --time-limit 60 --output demo-timetable.sol

test: .venv/kernels  ## every test
	$(BIN)/pytest

test-fast: .venv/kernels  ## all but whole runs and servers
	$(BIN)/pytest -m "not slow"

nightly: .venv/kernels  ## long random walks, and chaos with more seeds
	HORARIUM_NIGHTLY=1 $(BIN)/pytest -s tests/tracking/test_stateful.py tests/tracking/test_stateful_processes.py
	HORARIUM_CHAOS_SEEDS="$(shell date +%j) 2 3" $(BIN)/pytest tests/chaos

lint: .venv/ready
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: .venv/kernels
	$(BIN)/python -m benchmarks.speed.kernel
	$(BIN)/python -m benchmarks.quality.repair_choice
	$(BIN)/python -m benchmarks.progress.cost
	$(BIN)/python -m benchmarks.progress.fanout
	$(BIN)/python -m benchmarks.progress.eta

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,dask,clips,bench]'
	touch $@

# Numba keeps what it compiled until the function's own file changes; these are inlined into each
# other, so all are compiled again when one changes.
.venv/kernels: .venv/ready $(wildcard timetabling/kernels/*.py)
	rm -f timetabling/kernels/__pycache__/*.nb?
	$(BIN)/python -c "from timetabling.kernels import warm_up; warm_up()"
	touch $@
