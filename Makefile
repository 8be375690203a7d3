# Two commands to know: `make run` and `make test`. Everything they need is fetched into this folder.
PYTHON ?= python3
PORT   ?= 8000
UV     := .bootstrap/bin/uv
BIN    := .venv/bin
STAMP  := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help run test fuzz chaos check bench migrate migrations schema lock

help: ## Show this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(STAMP) ## Everything on one port: engines, API, workers, demo shops (PORT=8000)
	@exec $(BIN)/stoa up --port $(PORT)

test: $(STAMP) ## Every test, on the embedded engines; a process for every core
	$(BIN)/pytest -n auto

fuzz: $(STAMP) ## The properties again, with inputs that nobody has tried yet
	$(BIN)/pytest -n auto --hypothesis-profile=exploring $(TESTS)

chaos: $(STAMP) ## Thousands of jobs while processes and engines are killed: each done, each effect once
	$(BIN)/python -m benchmarks chaos

check: $(STAMP) ## Types, style, layers, schema
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/stoa schema | diff -u schema.graphql - || { echo "schema.graphql is not up to date: make schema"; exit 1; }

bench: $(STAMP) ## Figures; all in short form, or one in full: make bench NAME=read_path
	$(BIN)/python -m benchmarks $(NAME)

migrate: $(STAMP) ## Migrate the engines that STOA_DATABASE_URL names (make run does it by itself)
	$(BIN)/stoa migrate

migrations: $(STAMP) ## Write migration files for changed models
	$(BIN)/tortoise -c stoa.tenants.connecting.TORTOISE_ORM makemigrations

schema: $(STAMP) ## Write schema.graphql anew
	$(BIN)/stoa schema > schema.graphql

lock: $(UV) ## Write requirements.lock anew from pyproject.toml
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --extra embedded --group dev --upgrade pyproject.toml -o requirements.lock

$(STAMP): requirements.lock pyproject.toml | $(UV)
	@$(UV) venv -q --allow-existing --python $(PYTHON) .venv
	@$(UV) pip sync -q --python .venv requirements.lock
	@$(UV) pip install -q --python .venv --no-deps -e .
	@touch $@

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Stoa needs Python 3.11 or newer; this is %d.%d" % sys.version_info[:2])'
	@$(PYTHON) -m venv .bootstrap
	@.bootstrap/bin/pip install -q --disable-pip-version-check uv
