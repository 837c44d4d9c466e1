# Everything runs in a virtual environment of its own (.venv), which the first command builds.
#
#   make run                              open the window on the demo audit
#   make run   ARGS="audit spec.toml"     run SegLeak with other arguments
#   make test  ARGS="-k roc"              run the tests
#   make check                            formatting, lint, types
#   make bench                            measure
#   make tour  ARGS="--only roc"          take the pictures of the window anew
#   make clean                            remove what can be made again (.venv stays: it takes minutes)

PYTHON  ?= python3
WORKERS ?= 2
ARGS    ?=

VENV := .venv/bin/python
SETUP := $(PYTHON) resources/setup/bootstrap.py

# One thread per test worker: two workers with a thread pool each would fight over the cores.
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.PHONY: run test check bench tour clean

run:
	@$(SETUP)
	@$(VENV) main.py $(or $(ARGS),--demo)

test:
	@$(SETUP) --extras dev,transformers
	$(ONE_THREAD) $(VENV) -m pytest -n $(WORKERS) $(ARGS)

check:
	@$(SETUP) --extras dev,transformers
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m mypy

bench:
	@$(SETUP) --extras dev,transformers
	$(VENV) -m benchmarks $(ARGS)

tour:
	@$(SETUP) --extras dev,transformers
	$(VENV) -m docs.tour $(ARGS)

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
