# One virtual environment; its stamps say what it was made from.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Wherever the environment tells pip to put packages, these go into the virtual environment.
export PIP_USER := 0
export PIP_TARGET :=
export PIP_PREFIX :=

.PHONY: run check reload replay test test-quick test-pythons test-models test-browser mutants images lint bench bench-peers bench-bulk faults lock clean

run: $(VENV)/.client
	@exec $(BIN)/python -m local

# Whether the model in MODEL_DIR will serve, before anything is deployed.
check: $(VENV)/.local
	@$(BIN)/python -m local.check

# Lets the workers of the running `make run` take up what MODEL_DIR holds now; the environment is
# that of `make run`.
reload: $(VENV)/.client
	@exec $(BIN)/python -m local.reload

# What the model in FOLDER would answer to what is stored; ARGS are options of worker.replay.
replay: $(VENV)/.local
	@$(BIN)/python -m local.replay "$(FOLDER)" $(ARGS)

# The tests start hundreds of processes, each of which would compile our modules anew.
test: $(VENV)/.dev
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 6 --dist loadfile \
	  --ignore tests/models --ignore tests/browser

# What differs between Pythons: single files, and a few tests of the whole way.
test-quick: $(VENV)/.dev
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 4 --dist loadfile tests/unit \
	  tests/integration/pieces tests/end_to_end/test_predict.py tests/end_to_end/test_update.py \
	  tests/end_to_end/test_batches.py tests/end_to_end/test_reload.py

# Those with each Python that we name and that this machine has, beside that of `make test`.
test-pythons:
	$(PYTHON) tests/pythons.py

# What installs other libraries from the package index, which takes minutes.
test-models: $(VENV)/.dev
	$(BIN)/python -m pytest tests/models

# The page in the Chromium of this machine.
test-browser: $(VENV)/.browser
	$(BIN)/python -m pytest tests/browser

# Plants one bug after the other in a copy, and lists those that no test notices.
mutants: $(VENV)/.dev
	$(BIN)/python -m tests.mutants

# Builds both images without a Docker engine, as root, and runs them.
images: $(VENV)/.dev
	$(BIN)/python -m tests.images

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .

bench: $(VENV)/.bench
	$(BIN)/python -m bench --write "make bench"

bench-peers: $(VENV)/.bench
	$(BIN)/python -m bench --peers --write "make bench-peers"

# A file of a million rows, from the command line to the last commit.
bench-bulk: $(VENV)/.bench
	$(BIN)/python -m bench.bulk --write

faults: $(VENV)/.bench
	$(BIN)/python -m tests.faults

# What requirements/*.txt pin, worked out anew from the ranges in pyproject.toml.
lock: $(VENV)/.python
	$(BIN)/pip install --quiet uv
	for part in api worker local dev browser bench; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --generate-hashes \
	    --extra $$part --output-file requirements/$$part.txt pyproject.toml || exit 1; done

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(not (3, 11) <= v <= (3, 13))' || \
	  { echo "queuecast: Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.local: requirements/local.txt | $(VENV)/.python
	@echo "queuecast: installing into $(VENV), which takes about a minute"
	@$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes -r $<
	@touch $@

# The command line, from the checkout: what changes there needs no installing again.
$(VENV)/.client: client/pyproject.toml $(VENV)/.local
	@$(BIN)/pip install --disable-pip-version-check --quiet --no-index --no-deps --no-build-isolation --editable ./client
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/.python
	@echo "queuecast: installing what the tests need into $(VENV), which takes about two minutes"
	@$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes -r $<
	@touch $@ $(VENV)/.local

$(VENV)/.browser: requirements/browser.txt | $(VENV)/.python
	@$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes -r $<
	@touch $@ $(VENV)/.dev $(VENV)/.local

$(VENV)/.bench: requirements/bench.txt | $(VENV)/.python
	$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes -r $<
	@touch $@

clean:
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache .hypothesis
