# The commands a person needs. Everything works from a fresh clone with Python 3.11 or newer and nothing else.
.PHONY: run test check bench simulate fuzz format lock clean

VENV := .venv
TEMPLATES := webapp/templates sandbox/templates
STATIC := webapp/static sandbox/static
# Node comes with the Python packages, so that a machine needs none of its own.
NPM := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/npm
PRETTIER := $(VENV)/bin/node node_modules/prettier/bin/prettier.cjs
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

run: $(VENV)/.installed
	@$(VENV)/bin/python run.py

test: $(VENV)/.installed-dev
	$(VENV)/bin/python -m pytest -n 2

check: $(VENV)/.installed-dev node_modules/.installed
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/djlint --check --lint $(TEMPLATES)
	$(PRETTIER) --check $(STATIC)
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python -m pytest -n 2

bench: $(VENV)/.installed-dev
	$(VENV)/bin/python -m bench

SEEDS ?= 1..200
STEPS ?= 400

simulate: $(VENV)/.installed-dev
	$(VENV)/bin/python -m tests.simulation --seeds $(SEEDS) --steps $(STEPS)

FUZZ_SEEDS ?= 80

fuzz: $(VENV)/.installed-dev
	FUZZ_SEEDS=$(FUZZ_SEEDS) $(VENV)/bin/python -m pytest -n 2 tests/fuzz

format: $(VENV)/.installed-dev node_modules/.installed
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/djlint --quiet --warn --reformat $(TEMPLATES)
	$(PRETTIER) --write $(STATIC)

# Needs uv on the PATH. The lock file of npm names no registry, so that a mirror can serve it.
lock: $(VENV)/.installed-dev
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt
	$(NPM) install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

clean:
	rm -rf $(VENV) node_modules

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found on the PATH."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is needed (on Debian: apt install python3-venv)."; exit 1; }

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing what runs (once)…"
	@if command -v uv >/dev/null; then uv pip install -q --python $(VENV)/bin/python -r requirements.txt; \
	else $(VENV)/bin/python -m pip install -q --disable-pip-version-check -r requirements.txt; fi
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing what tests and checks (once)…"
	@if command -v uv >/dev/null; then uv pip install -q --python $(VENV)/bin/python -r requirements-dev.txt; \
	else $(VENV)/bin/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt; fi
	@touch $@ $(VENV)/.installed

node_modules/.installed: package-lock.json $(VENV)/.installed-dev
	@$(NPM) ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@
