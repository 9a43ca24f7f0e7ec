# make demo: the whole path, from nothing. make test: every check, from nothing. make quick: a minute of them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# pip compiles the modules that it installs, but not those of an editable install.
COMPILE := $(BIN)/python -m compileall -q app migrations solver trainer

.DEFAULT_GOAL := help
.PHONY: help demo quick test chaos lint format screenshots clean

help:
	@echo "make demo    install, then find, train and compare variants of a small CNN; writes an HTML report"
	@echo "make quick   install, then run the static checks and all fast tests: within a minute on two cores"
	@echo "make test    install, then run every check and test"
	@echo "make chaos   stop, kill and freeze workers and databases for half an hour; nothing may be lost"
	@echo "make screenshots  photograph the web pages for the README, in Chromium"
	@echo "make lint    the static checks alone;  make format  rewrites what they would"
	@echo "make clean   remove the virtual environment and what the demo wrote"

$(VENV)/installed-demo: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[trainer,postgres]'
	$(COMPILE)
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed-demo requirements-generator.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[trainer,postgres,dev]'
	$(COMPILE)
	test -x $(VENV)/generator/bin/python || $(PYTHON) -m venv $(VENV)/generator
	$(VENV)/generator/bin/python -m pip install --quiet --requirement requirements-generator.txt
	@touch $@

demo: $(VENV)/installed-demo
	$(BIN)/isobudget demo

lint: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# Fast tests need nothing beside Python: neither PostgreSQL nor a browser.
quick: lint
	$(BIN)/python -m pytest -n 2 -q -m "not slow and not postgres and not browser" \
		--ignore tests/chaos --ignore tests/e2e

test: lint
	$(BIN)/python -m pytest -n 3 --dist worksteal --durations 25 --durations-min 5

chaos: $(VENV)/installed-dev
	ISOBUDGET_CHAOS=full ISOBUDGET_TEST_CANCELS=100 $(BIN)/python -m pytest -n 0 \
		tests/chaos tests/e2e/test_cancels.py tests/e2e/test_worker_life.py

screenshots: $(VENV)/installed-dev
	$(BIN)/python docs/screenshots.py

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf $(VENV) demo-output build dist *.egg-info
