# Needs make and Python 3.11 or newer, nothing else. With uv on the PATH, environments come from uv.lock and in
# seconds; without it, from venv and pip, at the newest versions the ranges in pyproject.toml allow.

.DEFAULT_GOAL := help
.PHONY: help demo test check fix matrix bench journey docs

# An interpreter, or with uv a version such as 3.13.
PYTHON ?=
# 52, 60 or 61; empty takes the newest Django that the interpreter runs.
DJANGO ?=
HOST ?= 127.0.0.1
PORT ?= 8000
# "-n 0 -k status_cache" runs some tests in one process; the coverage gate then needs COVERAGE= (empty) to stay out of the way.
PYTEST_ARGS ?= -n auto
COVERAGE ?= 1
# db, cached_db, cache, file, signed_cookies: the suite runs once for each one named.
SESSION_ENGINES ?= db
# "mariadb" adds mysqlclient, which has to be compiled.
TEST_GROUPS ?= test adapters
# Environments of tox.ini; empty takes all of them. And what pytest is told there, instead of "-n auto".
ENVS ?=
MATRIX_ARGS ?=
BENCH_ARGS ?=

TEST_ENV := .venv-test$(DJANGO)
TEST_PYTHON := $(TEST_ENV)/bin/python
DJANGO_GROUP := $(DJANGO:%=django%)

ifneq ($(shell uv --version 2>/dev/null),)
# $(1) folder, $(2) groups, $(3) options for the project itself
environment = UV_PROJECT_ENVIRONMENT=$(1) uv sync --quiet --locked --no-default-groups $(3) \
	$(if $(PYTHON),--python $(PYTHON)) $(addprefix --group ,$(2))
tree = $(call environment,$(1),$(2),--extra ua)
wheel = rm -rf dist && uv build --quiet --wheel --out-dir dist && \
	$(call environment,$(1),$(2),--no-install-project) && \
	uv pip install --quiet --python $(1) --no-deps --reinstall dist/*.whl
else
# pip learned of dependency groups in 25.1, later than the pip that many Pythons carry.
environment = { test -x $(1)/bin/python || $(or $(PYTHON),python3) -m venv $(1); } && \
	$(1)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
tree = $(call environment,$(1)) && \
	$(1)/bin/python -m pip install --quiet $(addprefix --group ,$(2)) --editable ".[ua]"
wheel = rm -rf dist && $(call environment,$(1)) && \
	$(1)/bin/python -m pip wheel --quiet --no-deps --wheel-dir dist . && \
	$(1)/bin/python -m pip install --quiet $(addprefix --group ,$(2)) dist/*.whl && \
	$(1)/bin/python -m pip install --quiet --no-deps --force-reinstall dist/*.whl
endif

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the example site on http://HOST:PORT/, with people and cars in it
	@$(call tree,.venv-demo,$(DJANGO_GROUP))
	@.venv-demo/bin/python example/manage.py migrate --verbosity 0
	@.venv-demo/bin/python example/manage.py demo_data
	@echo "Open http://$(HOST):$(PORT)/ (Ctrl-C ends it)"
	@.venv-demo/bin/python example/manage.py runserver $(HOST):$(PORT)

# What is tested is what gets published: the wheel, installed; `src` must not be importable from here.
test: ## build the wheel, install it, test it, and measure its coverage
	@$(call wheel,$(TEST_ENV),$(TEST_GROUPS) $(DJANGO_GROUP))
	@$(TEST_PYTHON) -c "import pathlib, sys, sysconfig; import django, django_logout; \
	where = pathlib.Path(django_logout.__file__); \
	where.is_relative_to(sysconfig.get_path('purelib')) or sys.exit(f'{where} is not the installed wheel'); \
	print(f'django-logout from {where.parent}, Django {django.__version__}, Python {sys.version.split()[0]}')"
	@rm -f .coverage .coverage.*
	@for engine in $(SESSION_ENGINES); do \
		echo "SESSION_ENGINE=$$engine"; \
		SESSION_ENGINE=$$engine PYTHONDEVMODE=1 \
			$(TEST_PYTHON) $(if $(COVERAGE),-m coverage run) -m pytest $(PYTEST_ARGS) || exit 1; \
	done
	@$(if $(COVERAGE),$(TEST_PYTHON) -m coverage combine --quiet && $(TEST_PYTHON) -m coverage report)

check: ## style, types, import layers, missing migrations
	@$(call tree,.venv,lint test adapters docs matrix $(DJANGO_GROUP))
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	find src example -name '*.html' -exec .venv/bin/djade --check --target-version 5.2 {} +
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	@if npm --version >/dev/null 2>&1; then npm ci --silent && npm run --silent check; \
	else echo "Not checked, as there is no npm: the types of logout.js"; fi
	.venv/bin/python -m django makemigrations django_logout --check --dry-run --settings=tests.settings

fix: ## let the tools mend what they can
	@$(call tree,.venv,lint test adapters docs matrix $(DJANGO_GROUP))
	.venv/bin/ruff check --fix --exit-zero
	.venv/bin/ruff format
	find src example -name '*.html' -exec .venv/bin/djade --target-version 5.2 {} +

matrix: ## every Python, Django and session engine of tox.ini, or ENVS="py314-django61-db ..."
	@$(call tree,.venv,lint test adapters docs matrix $(DJANGO_GROUP))
	.venv/bin/tox run $(addprefix -e ,$(ENVS)) $(if $(MATRIX_ARGS),-- $(MATRIX_ARGS))

bench: ## what it costs, measured on the wheel
	@$(call wheel,$(TEST_ENV),$(TEST_GROUPS) bench $(DJANGO_GROUP))
	$(TEST_PYTHON) -m bench $(BENCH_ARGS)

journey: ## the way of one request through the files, counted; BENCH_ARGS=--trace prints it (needs Redis)
	@$(call tree,.venv,lint test adapters docs matrix $(DJANGO_GROUP))
	@.venv/bin/python -m bench.journey $(BENCH_ARGS)

docs: ## the documentation, into docs/_build
	@$(call tree,.venv,lint test adapters docs matrix $(DJANGO_GROUP))
	.venv/bin/python -m sphinx -W -n docs docs/_build
