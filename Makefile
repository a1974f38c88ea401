# make demo   set up and run the main job on a small invented corpus
# make test   set up and run the tests
# make lint   style and types
#
# Both set-ups create .venv and install into it, with uv where it is found and with pip otherwise
# (force pip with `make UV= …`). constraints.txt pins torch.

VENV ?= .venv
PYTHON ?= python3
DEMO_OUT ?= demo-out
UV ?= $(shell command -v uv 2>/dev/null)
BIN := $(VENV)/bin

ifneq ($(UV),)
# Without this uv would take torch's CUDA build on machines without a GPU.
export UV_TORCH_BACKEND ?= auto
CREATE := $(UV) venv --quiet --clear --python '>=3.11' $(VENV)
INSTALL := $(UV) pip install --quiet --python $(BIN)/python -c constraints.txt
else
CREATE := $(PYTHON) -m venv --clear $(VENV)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
endif

.PHONY: demo test lint clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	$(BIN)/me-augment demo --out $(DEMO_OUT) --overwrite

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11: name a newer one, e.g. make demo PYTHON=python3.12" >&2; exit 1; }
	$(CREATE)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
