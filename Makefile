# Needs make and Python 3.11 or newer, nothing else. With uv on the PATH, environments come from uv.lock and in
# seconds; without it, from venv and pip, at the newest versions the ranges in pyproject.toml allow.

.DEFAULT_GOAL := help
.PHONY: help demo demo-sso test test-servers test-races test-browsers test-integrations test-federation test-suites \
	test-ci test-all pictures \
	coverage check fix matrix bench journey docs

# An interpreter, or with uv a version such as 3.13.
PYTHON ?=
# 52, 60 or 61; empty takes the newest Django that the interpreter runs.
DJANGO ?=
HOST ?= 127.0.0.1
PORT ?= 8000
# More for pytest, e.g. "-k status_cache"; and how many processes it uses, 0 for none but its own.
PYTEST_ARGS ?=
WORKERS ?= auto
# Anything: session engines by rotation, nothing that is slow, the main ways only in the browser.
QUICK ?=
# Anything: measure which lines run, in all parts of a run together; `make coverage` reports.
COVERAGE ?=
# What talks to servers and to other apps. "mariadb" adds mysqlclient, which has to be compiled.
FULL_GROUPS ?= servers adapters oidc suites projects
# Projects whose app cannot be installed beside the others: a dependency group, and so an environment.
ALONE ?= djoser
# Environments of tox.ini; empty takes all of them. And what pytest is told there, instead of "-n auto".
ENVS ?=
MATRIX_ARGS ?=
BENCH_ARGS ?=

TEST_ENV := .venv-test$(DJANGO)
FULL_ENV := .venv-full$(DJANGO)
SUITES_ENV := .venv-suites$(DJANGO)
DJANGO_GROUP := $(DJANGO:%=django%)

ifneq ($(shell uv --version 2>/dev/null),)
# $(1) folder, $(2) groups, $(3) options for the project itself
environment = UV_PROJECT_ENVIRONMENT=$(1) uv sync --quiet --locked --no-default-groups $(3) \
	$(if $(PYTHON),--python $(PYTHON)) $(addprefix --group ,$(2))
editable = $(call environment,$(1),$(2),--extra ua)
wheel = rm -rf dist && uv build --quiet --wheel --out-dir dist && \
	$(call environment,$(1),$(2),--no-install-project) && \
	uv pip install --quiet --python $(1) --no-deps --reinstall dist/*.whl
else
# pip learned of dependency groups in 25.1, later than the pip that many Pythons carry.
environment = { test -x $(1)/bin/python || $(or $(PYTHON),python3) -m venv $(1); } && \
	$(1)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
editable = $(call environment,$(1)) && \
	$(1)/bin/python -m pip install --quiet $(addprefix --group ,$(2)) --editable ".[ua]"
wheel = rm -rf dist && $(call environment,$(1)) && \
	$(1)/bin/python -m pip wheel --quiet --no-deps --wheel-dir dist . && \
	$(1)/bin/python -m pip install --quiet $(addprefix --group ,$(2)) dist/*.whl && \
	$(1)/bin/python -m pip install --quiet --no-deps --force-reinstall dist/*.whl
endif

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the example site on http://HOST:PORT/, with people and cars in it
	@$(call editable,.venv-demo,$(DJANGO_GROUP))
	@.venv-demo/bin/python example/manage.py migrate --verbosity 0
	@.venv-demo/bin/python example/manage.py demo_data
	@echo "Open http://$(HOST):$(PORT)/ (Ctrl-C ends it)"
	@.venv-demo/bin/python example/manage.py runserver $(HOST):$(PORT)

# With npm, the example site logs people in at another provider, too.
demo-sso: ## the example site as an OpenID provider, with two sites that log in at it: single logout
	@$(call editable,.venv-demo-sso,sso $(DJANGO_GROUP))
	@test -d node_modules/oidc-provider || ! npm --version >/dev/null 2>&1 || npm ci --silent || true
	@cd example && HOST=$(HOST) PORT=$(PORT) ../.venv-demo-sso/bin/python -m sso

# What is tested is what gets published: the wheel, installed; `src` must not be importable from here.
# $(1) folder of the environment, $(2) groups
installed = $(call wheel,$(1),$(2) $(DJANGO_GROUP)) && $(1)/bin/python -c "import pathlib, sys, sysconfig; import django, django_logout; \
	where = pathlib.Path(django_logout.__file__); \
	where.is_relative_to(sysconfig.get_path('purelib')) or sys.exit(f'{where} is not the installed wheel'); \
	print(f'django-logout from {where.parent}, Django {django.__version__}, Python {sys.version.split()[0]}')"
# Development mode without its allocator: that takes a sixth of the time, and finds errors of C code only.
DEVMODE := PYTHONDEVMODE=1 PYTHONMALLOC=pymalloc
# $(1) folder of the environment
pytest = $(DEVMODE) $(1)/bin/python $(if $(COVERAGE),-m coverage run) -m pytest
full = $(call pytest,$(FULL_ENV)) --engines=$(if $(QUICK),rotation,all) $(PYTEST_ARGS)
workers = -n $(WORKERS) --dist worksteal

# All parts are made, whether one fails or not, and each says how long it took.
# $(1) targets, $(2) variables
parts = failed=; for part in $(1); do printf '\n%s\n' "$$part"; begun=$$(date +%s); result=ok; \
	$(MAKE) --no-print-directory $$part INSTALLED=1 $(2) || { result=FAILED; failed="$$failed $$part"; }; \
	printf '%-32s %-6s  %4d s\n' "$$part" $$result $$(($$(date +%s) - begun)); done; \
	test -z "$$failed" || { echo "FAILED:$$failed"; exit 1; }

test: ## the wheel in this process, on SQLite; needs no server, no browser and no compiler
	@$(call installed,$(TEST_ENV),test)
	@REQUIRE_SERVICES= $(call pytest,$(TEST_ENV)) -m "not servers and not slow and not exhaustive" $(workers) $(PYTEST_ARGS)

# Once for all parts.
INSTALLED ?=
.PHONY: full
full:
	@$(if $(INSTALLED),:,$(call installed,$(FULL_ENV),test $(FULL_GROUPS)))

test-servers: full ## the same and more, on each session engine with the servers it needs
	@$(full) $(workers) $(if $(QUICK),-m "not slow")

# They wait for each other more than they work.
test-races: WORKERS = 6
test-races: full ## requests that meet, in processes of their own, on each session engine and database
	@$(full) $(workers) $(if $(QUICK),-m "not slow") tests/races

test-browsers: full ## pages and logout.js in Chromium, Firefox and WebKit, those of them that are installed
	@$(full) $(workers) $(if $(QUICK),-m smoke) tests/e2e

pictures: full ## the pictures of README and docs/, taken anew in Chromium: look at them
	@$(full) --browsers=chromium --pictures tests/e2e/test_pictures.py

# Each has settings of its own, and so a process. Those that stand alone run none of our lines that others do not.
# $(1) folder of the environment, $(2) options of tests.projects
projects = $(DEVMODE) $(1)/bin/python -m tests.projects $(2) \
	--engines=$(if $(QUICK),rotation -m "not slow",all) $(PYTEST_ARGS)
test-integrations: full ## other apps, each in a project of its own: tests/projects/*
	@$(call projects,$(FULL_ENV),$(if $(COVERAGE),--coverage))
	@$(foreach group,$(ALONE),$(call installed,.venv-$(group)$(DJANGO),test servers $(group)) && \
		$(call projects,.venv-$(group)$(DJANGO),--alone $(group)) &&) true

test-federation: full ## login and logout at providers that others have made, by each library
	@$(full) $(workers) $(if $(QUICK),-k "mozilla or better_auth or another_library") --ds=tests.federation_peers.settings tests/federation_peers

# In an environment of their own: they bring plugins that would take part in our tests.
test-suites: ## the tests of Django, django-allauth and other libraries, with django-logout installed
	@$(call installed,$(SUITES_ENV),test servers adapters projects suites)
	@$(call pytest,$(SUITES_ENV)) $(PYTEST_ARGS) tests/django_suite tests/allauth_suite tests/library_suites

test-ci: full ## what every change has to pass; lines and branches of all parts together have to be 100 %
	@rm -f .coverage .coverage.*
	@$(call parts,test-servers test-races test-integrations test-federation test-browsers coverage,QUICK=1 COVERAGE=1)

# What checks types and what measures is tested, too.
test-all: FULL_GROUPS += lint bench
test-all: full ## everything: all engines, databases, browsers and apps, and the tests of others
	@$(call parts,test test-servers test-races test-integrations test-federation test-browsers test-suites)

coverage: ## what the runs with COVERAGE=1 have missed
	@$(FULL_ENV)/bin/python -m coverage combine --quiet && $(FULL_ENV)/bin/python -m coverage report

# Once, for all that are made together.
.PHONY: tree
tree:
	@$(call editable,.venv,lint test servers adapters oidc docs matrix $(DJANGO_GROUP))

check: tree ## style, types, import layers, missing migrations
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	find src example -name '*.html' -exec .venv/bin/djade --check --target-version 5.2 {} +
	.venv/bin/mypy
	.venv/bin/mypy --warn-unused-ignores tests/typing/calls.py
	.venv/bin/pyright --project tests/typing --pythonpath .venv/bin/python
	.venv/bin/lint-imports --no-logo
	@if npm --version >/dev/null 2>&1; then npm ci --silent && npm run --silent check; \
	else echo "Not checked, as there is no npm: the types of logout.js"; fi
	.venv/bin/python -m django makemigrations django_logout django_logout_federation --check --dry-run \
		--settings=tests.projects.federation.settings

fix: tree ## let the tools mend what they can
	.venv/bin/ruff check --fix --exit-zero
	.venv/bin/ruff format
	find src example -name '*.html' -exec .venv/bin/djade --target-version 5.2 {} +

matrix: tree ## every Python and Django of tox.ini, or ENVS="py314-django61 ..."
	.venv/bin/tox run $(addprefix -e ,$(ENVS)) $(if $(MATRIX_ARGS),-- $(MATRIX_ARGS))

bench: ## what it costs, measured on the wheel
	@$(call installed,$(FULL_ENV),test $(FULL_GROUPS) bench)
	$(FULL_ENV)/bin/python -m bench $(BENCH_ARGS)

journey: tree ## the way of one request through the files, counted; BENCH_ARGS=--trace prints it (needs Redis)
	@.venv/bin/python -m bench.journey $(BENCH_ARGS)

docs: tree ## the documentation, into docs/_build
	.venv/bin/python -m sphinx -W -n docs docs/_build
