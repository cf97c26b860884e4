# The menu. Every recipe works from Python >= 3.11 and make alone; `make` builds what it needs in .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help run test check lint types contracts wheel pictures soak bench docs format lock clean

help: ## Show this menu
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(READY): requirements/dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python >= 3.11 is needed; set PYTHON=..."; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python >= 3.11 is needed; $(PYTHON) is older. Set PYTHON=..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(READY) ## Start the demo: a simulated bottling plant and its twin
	$(BIN)/twinwright demo

test: $(READY) ## Pass all tests
	$(BIN)/python -m pytest

check: lint types contracts wheel ## Lint, types, arrows between rooms, contents of the wheel

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m ontology.turtle --check ontology shapes plants

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

wheel: $(READY)
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist . >/dev/null
	$(BIN)/check-wheel-contents --toplevel agents,api,kg,ontology,plants,reasoner,shapes --ignore W002 dist
	$(BIN)/python scripts/wheel_contents.py dist

pictures: $(READY) ## Take the documentation's screenshots anew, in a real browser
	mkdir -p docs/pictures
	TWINWRIGHT_PICTURES=$(CURDIR)/docs/pictures $(BIN)/python -m pytest -q tests/web/test_journeys.py

soak: $(READY) ## The long runs: 1,000 power cuts, 100,000 transactions; writes docs/reference/soak.md
	$(BIN)/python scripts/soak.py

bench: $(READY) ## Measure; writes the tables in docs/reference/speed.md
	$(BIN)/python -m bench

docs: $(READY) ## Regenerate the generated pages of docs/reference
	$(BIN)/python -m api.reference docs/reference
	$(BIN)/python -m ontology.reference > docs/reference/ontology.md
	$(BIN)/python -m shapes.reference > docs/reference/shapes.md

format: $(READY) ## Format Python and Turtle
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m ontology.turtle ontology shapes plants

lock: $(READY) ## Lock the dependencies anew, with hashes and without naming an index (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml requirements/dev.in -o requirements/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/run.txt

clean: ## Remove what can be made again; data of a twin stays
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
