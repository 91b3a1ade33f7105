PYTHON ?= python3
BIN := .venv/bin
# Prefect's database, and what is learned from runs, stay inside the clone.
export PREFECT_HOME ?= $(CURDIR)/.venv/prefect
export HORARIUM_STATE_FOLDER ?= $(CURDIR)/.venv/state
export HORARIUM_DATA_FOLDER ?= $(CURDIR)/.venv/data
PAGE := tracking/service/static/index.html

.PHONY: demo page test test-fast nightly lint bench rivals ablation clean

demo: .venv/kernels  ## solve the shipped instance with live progress
	$(BIN)/horarium generate examples/small-university.ectt --time-limit 60 --output demo-timetable.sol
	@if command -v npm > /dev/null; then echo "The same in a browser: make page"; \
	else echo "The page in a browser needs Node 20 or newer, which is not there."; fi

page: .venv/kernels $(PAGE)  ## everything on this machine: Prefect, a worker, the service and its page
	$(BIN)/horarium up

# Two files of tests at a time, in the order of tests/conftest.py: much of them is waiting.
PYTEST = $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

test: .venv/kernels $(PAGE)  ## every test
	cd web && npm test
	$(PYTEST)

test-fast: .venv/kernels web/node_modules/.ready  ## all but whole runs and servers
	cd web && npm test
	$(PYTEST) -m "not slow"

nightly: .venv/kernels  ## long random walks, and chaos with more seeds
	HORARIUM_NIGHTLY=1 $(BIN)/pytest -s tests/tracking/test_stateful.py tests/tracking/test_stateful_processes.py
	HORARIUM_CHAOS_SEEDS="$(shell date +%j) 2 3" $(BIN)/pytest tests/chaos

lint: .venv/ready web/node_modules/.ready
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	cd web && npm run lint

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
	rm -rf web/node_modules tracking/service/static .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,dask,cluster,kubernetes,clips,bench]'
	touch $@

web/node_modules/.ready: web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(PAGE): web/node_modules/.ready web/index.html web/vite.config.ts $(shell find web/src -type f 2> /dev/null)
	cd web && npm run build

# Numba keeps what it compiled until the function's own file changes; these are inlined into each
# other, so all are compiled again when one changes.
.venv/kernels: .venv/ready $(wildcard timetabling/kernels/*.py)
	rm -f timetabling/kernels/__pycache__/*.nb?
	$(BIN)/horarium warmup
	touch $@
