# Setup, tests and benchmarks; all else is a line that calls the command `leads`, of which
# `leads --help` tells more. `make` alone lists the targets; settings: `leads settings`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup setup-spark sample run preview replay backtest learn gate explain map sources ui metrics docs superset erase test test-spark lint example bench publications restore rollback accept outbox deliver redeliver lists lock

# Where the target is Spark a run needs its environment, which holds all of the other one.
VENV := $(if $(filter spark,$(LEADS_TARGET)),.venv-spark,.venv)
BIN := $(VENV)/bin
SAMPLE := samples/raw/crm/leads.parquet
COMMAND := $(BIN)/leads
READY := $(BIN)/leads $(if $(LEADS_RAW),,$(SAMPLE))
# The test suite must not depend on what the shell happens to have set.
UNSET_SETTINGS := env $(patsubst %,-u %,$(filter LEADS_%,$(.VARIABLES)))

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

# The environment is made anew when the lock file changes.
.venv/.installed: requirements.lock
	@echo "Installing the locked packages into .venv (about a minute, once) ..."
	@python3 -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	@touch $@

# The command itself.
$(BIN)/leads: $(VENV)/.installed orchestration/cli/install.py
	@$(BIN)/python -m orchestration.cli.install

$(SAMPLE): $(VENV)/.installed samples/generate.py samples/tables.py samples/population.py samples/vocabulary.py
	@echo "Generating the sample raw data into samples/raw ..."
	@$(BIN)/python -m samples.generate --out samples/raw > /dev/null
	@touch $@

# What only `make bench` needs: the library of a script that the project is compared with.
.venv/.bench-installed: .venv/.installed requirements-bench.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-bench.lock
	@touch $@

# What only `make metrics` needs: MetricFlow, for questions to the semantic layer.
.venv/.bi-installed: .venv/.installed requirements-bi.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-bi.lock
	@touch $@

# What the target spark needs: all that .venv has, dbt's adapter and Spark itself, which alone is larger.
.venv-spark/.installed: requirements-spark.lock
	@echo "Installing Spark into .venv-spark (some minutes, once) ..."
	@python3 -m venv .venv-spark
	@.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-spark.lock
	@touch $@

setup: $(COMMAND) $(SAMPLE) ## install the locked packages and the command leads, generate the sample

setup-spark: .venv-spark/.installed ## install what the target spark needs into .venv-spark (Java 17 has to be there)

sample: $(SAMPLE) ## generate the sample raw data

run: $(READY) ## score once, audit and publish, with a summary
	@$(COMMAND) run

preview: $(READY) ## show whom a changed rule book would move, before it is published
	@$(COMMAND) preview

replay: $(READY) ## score past days beside what is live: make replay DAYS=2026-03-01..2026-03-31 KNOWN=then
	@$(COMMAND) replay "$(DAYS)" --known "$(KNOWN)"

backtest: $(READY) ## how well scores of past days foretold what came: make backtest (DAYS=2026-01-31,2026-02-28)
	@$(COMMAND) backtest "$(DAYS)"

learn: $(READY) ## learn a rule book from what became of past leads: make learn MODEL=b2b_software OUT=my-rules
	@$(COMMAND) learn "$(MODEL)" --out "$(OUT)"

gate: $(READY) ## whether a changed rule book may go live: make gate RULES=<folder> (DAYS=..., MARKDOWN=<file>)
	@$(COMMAND) gate "$(DAYS)" $(if $(RULES),--rules "$(RULES)") --markdown "$(MARKDOWN)"

explain: $(COMMAND) ## tell one lead's whole story: make explain LEAD=L10000270 (MODEL=..., SINCE=2026-06-01)
	@$(COMMAND) explain "$(LEAD)" --model "$(MODEL)" --since "$(SINCE)"

map: $(COMMAND) ## bring CSV exports of HubSpot or Salesforce into raw tables: make map FILE="people.csv deals.csv" (OUT=my-raw)
	@$(COMMAND) map $(FILE) --out "$(or $(OUT),my-raw)"

sources: $(READY) ## show what becomes of the tables that LEADS_SOURCES names: make sources (LEADS_SOURCES=hubspot LEADS_RAW=<folder>)
	@$(COMMAND) sources

ui: $(COMMAND) ## serve Dagster's web page on port 3000 (PORT=... for another)
	@$(COMMAND) ui --port $(or $(PORT),3000)

erase: $(COMMAND) ## forget a person everywhere, with a receipt: make erase LEAD=L10000270, or EMAIL=ada@firm.example
	@$(COMMAND) erase --lead "$(LEAD)" --email "$(EMAIL)"

# MetricFlow reads what dbt has read of the project and asks the live publication.
metrics: .venv/.bi-installed $(COMMAND) ## ask the semantic layer: make metrics ASK="--metrics leads --group-by scored_lead__tier"
	@env LEADS_TARGET=published $(BIN)/dbt --quiet parse
	@env LEADS_TARGET=published $(BIN)/mf query $(ASK)

docs: $(COMMAND) ## write the documentation of all tables as one page, build/docs/static_index.html
	@$(BIN)/dbt --quiet docs generate --static --target-path build/docs
	@echo "Written: build/docs/static_index.html"

# What Superset imports as a dashboard: docs/how-to/look-at-it-in-bi.md.
superset: $(COMMAND) ## pack the dashboard for Apache Superset into build/lead-scores.zip
	@$(BIN)/python -m bi.superset

test: setup lint .venv/.bi-installed ## run every test: dbt's data and unit tests, pytest, lint
	@mkdir -p build/test
	@$(UNSET_SETTINGS) DBT_TARGET_PATH=build/test/target $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-spark: .venv-spark/.installed ## run what Spark gives against what DuckDB gives (Java 17 has to be there)
	@mkdir -p build/test
	@$(UNSET_SETTINGS) .venv-spark/bin/python -m pytest tests/python/engines/test_spark.py

lint: setup ## check the style of SQL and Python
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@! grep -rnE '^.{101,}' models --include='*.sql' || { echo "A model has lines over 100 columns."; exit 1; }
	@mkdir -p build/lint
	@$(UNSET_SETTINGS) LEADS_WAREHOUSE=build/lint/leads.duckdb DBT_TARGET_PATH=build/lint/target $(BIN)/sqlfluff lint --disable-progress-bar models

example: $(COMMAND) ## score real data: make example NAME=olist DATA=<folder>
	@$(COMMAND) example "$(NAME)" --data "$(DATA)"

bench: .venv/.bench-installed ## compare with scripts written by hand (an hour; EVENTS="1000000" takes minutes)
	@$(UNSET_SETTINGS) $(BIN)/python -m benchmarks.suite --events $(or $(EVENTS),1000000 10000000 100000000)

publications: $(COMMAND) ## list the publications that are kept
	@$(COMMAND) publications

restore: $(COMMAND) ## bring history and hand-overs back from the live publication into a new warehouse
	@$(COMMAND) restore

rollback: $(COMMAND) ## go back to a publication: make rollback ID=<publication id>
	@$(COMMAND) rollback "$(ID)"

# Handed on by the environment, so that a reason may hold quotes.
accept: override export WHAT := $(value WHAT)
accept: override export BY := $(value BY)
accept: override export BECAUSE := $(value BECAUSE)
accept: $(COMMAND) ## accept once what a health check refused: make accept WHAT=<name> BY=<you> BECAUSE="<why>"
	@$(COMMAND) accept "$$WHAT" --by "$$BY" --because "$$BECAUSE"

outbox: $(COMMAND) ## show how many hand-overs wait, are delivered or dead
	@$(COMMAND) outbox

deliver: $(COMMAND) ## deliver hand-overs and write scores into the CRM (make ui does it by itself)
	@$(COMMAND) deliver

redeliver: $(COMMAND) ## have dead ones sent again: make redeliver ID=<idempotency key, all, or a CRM>
	@$(COMMAND) redeliver "$(ID)"

lists: $(COMMAND) ## refresh the lists of mail domains and crawlers, show whom that moves
	@$(COMMAND) lists

lock: ## pin the dependencies of pyproject.toml anew (needs uv on the path)
	@UV_PYTHON_DOWNLOADS=never uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group dev pyproject.toml --output-file requirements.lock
	@UV_PYTHON_DOWNLOADS=never uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group bench --output-file requirements-bench.lock
	@UV_PYTHON_DOWNLOADS=never uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group lists --output-file requirements-lists.lock
	@UV_PYTHON_DOWNLOADS=never uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group bi --constraint requirements.lock --output-file requirements-bi.lock
	@UV_PYTHON_DOWNLOADS=never uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group dev --group spark --constraint requirements.lock pyproject.toml --output-file requirements-spark.lock
