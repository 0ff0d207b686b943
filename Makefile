# Every command of the project. `make` alone lists them.

PYTHON ?= python3
WORKERS ?= 2
BIN := .venv/bin
# Named after the pins, so that a change of pins installs again and anything else does not.
INSTALLED := .venv/installed-$(shell cksum < requirements/test.txt | cut -d ' ' -f 1)

.DEFAULT_GOAL := help
.PHONY: help run serve test check sure sure-all bench fuzz fix setup sandbox words pins clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(INSTALLED) ## Portal, sandbox and worker in one terminal, with the demo world (EMPTY=1: without)
	@exec $(BIN)/flask --app wsgi demo run

serve: $(INSTALLED) ## Web server and worker for real use, with the settings of the environment
	@exec $(BIN)/python -m app serve

test: setup ## The whole suite, browser included
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

check: $(INSTALLED) ## Lint, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

sure: check test ## Check and test: what has to pass before a change lands

sure-all: check setup ## The same, with every test on PostgreSQL too
	@TEST_DATABASE=all $(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

bench: $(INSTALLED) ## Speed as ratios against the bare SDK, a bare insert and a bare page
	@$(BIN)/python -m tests.bench

fuzz: setup ## The property tests, with many new random examples; programs killed ten times
	@$(BIN)/pytest --hypothesis-profile=fuzz -m hypothesis --timeout 0 --numprocesses $(WORKERS) --dist worksteal $(ARGS)
	@RESTARTS=10 $(BIN)/pytest --timeout 0 tests/concurrency/test_restarts.py

fix: $(INSTALLED) ## Apply what lint and format can mend by themselves
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

setup: $(INSTALLED) ## Environment and browser; safe to repeat
	@$(BIN)/python -m tests.e2e.browser

sandbox: $(INSTALLED) ## Only the provider sandbox
	@exec $(BIN)/python -m app.sandbox

words: $(INSTALLED) ## Collect the texts to translate, and compile their words (LANGUAGES=nl begins one)
	@$(BIN)/python -m tests.words $(LANGUAGES)

pins: $(INSTALLED) ## Write requirements/*.txt anew from requirements/*.in
	@$(BIN)/python -m venv var/pins && var/pins/bin/python -m pip install --quiet pip-tools
	@for name in run test; do \
		CUSTOM_COMPILE_COMMAND="make pins" var/pins/bin/pip-compile --quiet --upgrade \
			--generate-hashes --allow-unsafe --strip-extras --no-annotate --no-emit-options \
			--no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
			--output-file requirements/$$name.txt requirements/$$name.in || exit 1; \
	done

clean: ## Remove the environment and what tools left; the demo world in var/ stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results var/pins
	@find app tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements/test.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Portico needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; }
	@$(PYTHON) -m venv .venv || { \
		echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2; \
		exit 1; }
	@echo "Installing packages into .venv (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-compile \
		--no-deps --only-binary :all: --require-hashes --requirement requirements/test.txt
	@rm -f .venv/installed-* && touch $@
