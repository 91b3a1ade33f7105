PYTHON ?= python3
BIN := .venv/bin
# Prefect's database, and what is learned from runs, stay inside the clone.
export PREFECT_HOME ?= $(CURDIR)/.venv/prefect
export HORARIUM_STATE_FOLDER ?= $(CURDIR)/.venv/state

.PHONY: demo test test-fast nightly lint bench rivals ablation clean

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
	$(BIN)/python -m benchmarks.speed.scaling
	$(BIN)/python -m benchmarks.quality.repair_choice
	$(BIN)/python -m benchmarks.progress.cost
	$(BIN)/python -m benchmarks.progress.fanout
	$(BIN)/python -m benchmarks.progress.eta

# Needs a JDK 17, and the public instances and the judge beside the clone, or elsewhere.
INSTANCES ?= ../shared/instances/itc2007
JUDGE ?= ../shared/tools/score_ctt.py
TIME_LIMIT ?= 60
SEEDS ?= 3
QUALITY = $(INSTANCES) --judge $(JUDGE) --time-limit $(TIME_LIMIT) --seeds $(SEEDS)

rivals: .venv/kernels  ## cost of the timetables, beside other solvers; hours
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[rivals]'
	$(BIN)/python -m benchmarks.quality.table $(QUALITY) --runs quality-runs/rivals.jsonl \
		--solvers horarium cpsat-whole timefold
	$(BIN)/python -m benchmarks.quality.report quality-runs/rivals.jsonl --plots quality-runs

ablation: .venv/kernels  ## what each stage is worth; hours
	$(BIN)/python -m benchmarks.quality.ablation $(QUALITY) --runs quality-runs/ablation.jsonl

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
	$(BIN)/horarium warmup
	touch $@
