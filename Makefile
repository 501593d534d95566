# The commands of the project; `make` alone lists them. Settings are environment variables,
# which README.md lists: LEADS_RAW, LEADS_RULES, LEADS_WAREHOUSE, LEADS_PUBLISHED, LEADS_AS_OF,
# LEADS_KNOWN, LEADS_WEBHOOK_URL.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup sample run preview replay explain ui test lint example bench publications restore rollback accept outbox deliver redeliver lock

BIN := .venv/bin
SAMPLE := samples/raw/crm/leads.parquet
# The test suite must not depend on what the shell happens to have set.
UNSET_SETTINGS := env -u LEADS_RAW -u LEADS_RULES -u LEADS_WAREHOUSE -u LEADS_PUBLISHED -u LEADS_AS_OF -u LEADS_KNOWN -u LEADS_TARGET -u LEADS_WEBHOOK_URL -u LEADS_WEBHOOK_SECRET -u LEADS_WEBHOOK_TIMEOUT -u LEADS_WEBHOOK_RECEIPT

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 16

# The environment is made anew when the lock file changes.
.venv/.installed: requirements.lock
	@echo "Installing the locked packages into .venv (about a minute, once) ..."
	@python3 -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	@touch $@

$(SAMPLE): .venv/.installed samples/generate.py samples/tables.py samples/population.py samples/vocabulary.py
	@echo "Generating the sample raw data into samples/raw ..."
	@$(BIN)/python -m samples.generate --out samples/raw > /dev/null
	@touch $@

# What only `make bench` needs: the library of a script that the project is compared with.
.venv/.bench-installed: .venv/.installed requirements-bench.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-bench.lock
	@touch $@

setup: .venv/.installed $(SAMPLE) ## install the locked packages and generate the sample

sample: $(SAMPLE) ## generate the sample raw data

run: .venv/.installed $(if $(LEADS_RAW),,$(SAMPLE)) ## score once, audit and publish, with a summary
	@$(BIN)/python -m orchestration.run

preview: .venv/.installed $(if $(LEADS_RAW),,$(SAMPLE)) ## show whom a changed rule book would move, before it is published
	@$(BIN)/python -m orchestration.lib.asked.preview

replay: .venv/.installed $(if $(LEADS_RAW),,$(SAMPLE)) ## score past days beside what is live: make replay DAYS=2026-03-01..2026-03-31 KNOWN=then
	@$(BIN)/python -m orchestration.lib.asked.replay --days "$(DAYS)" --known "$(KNOWN)"

explain: .venv/.installed ## tell one lead's whole story: make explain LEAD=L10000270 (MODEL=..., SINCE=2026-06-01)
	@$(BIN)/python -m orchestration.lib.asked.explain --lead "$(LEAD)" --model "$(MODEL)" --since "$(SINCE)"

ui: .venv/.installed ## serve Dagster's web page on port 3000 (PORT=... for another)
	@umask 077; DAGSTER_HOME="$(CURDIR)/.dagster" $(BIN)/dagster dev --module-name orchestration.definitions --port $(or $(PORT),3000)

test: setup lint ## run every test: dbt's data and unit tests, pytest, lint
	@mkdir -p build/test && rm -f build/test/leads.duckdb
	@$(UNSET_SETTINGS) LEADS_WAREHOUSE=build/test/leads.duckdb $(BIN)/dbt build --quiet --target-path build/test/target
	@$(UNSET_SETTINGS) DBT_TARGET_PATH=build/test/target $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

lint: setup ## check the style of SQL and Python
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@! grep -rnE '^.{101,}' models --include='*.sql' || { echo "A model has lines over 100 columns."; exit 1; }
	@mkdir -p build/lint
	@$(UNSET_SETTINGS) LEADS_WAREHOUSE=build/lint/leads.duckdb DBT_TARGET_PATH=build/lint/target $(BIN)/sqlfluff lint --disable-progress-bar models

example: .venv/.installed ## score real data: make example NAME=olist DATA=<folder>
	@test -n "$(NAME)" && test -n "$(DATA)" || { echo "Say which example and where its files are: make example NAME=olist DATA=<folder>"; exit 2; }
	@$(BIN)/python -m examples.run "$(NAME)" --data "$(DATA)"

bench: .venv/.bench-installed ## compare with scripts written by hand (an hour; EVENTS="1000000" takes minutes)
	@$(UNSET_SETTINGS) $(BIN)/python -m benchmarks.suite --events $(or $(EVENTS),1000000 10000000 100000000)

publications: .venv/.installed ## list the publications that are kept
	@$(BIN)/python -m orchestration.lib.published.publication list

restore: .venv/.installed ## bring history and hand-overs back from the live publication into a new warehouse
	@$(BIN)/python -m orchestration.restore

rollback: .venv/.installed ## go back to a publication: make rollback ID=<publication id>
	@test -n "$(ID)" || { echo "Say which publication: make rollback ID=<id>; make publications lists them."; exit 2; }
	@$(BIN)/python -m orchestration.lib.published.publication rollback "$(ID)"

accept: override export WHAT := $(value WHAT)
accept: override export BY := $(value BY)
accept: override export BECAUSE := $(value BECAUSE)
accept: .venv/.installed ## accept once what a health check refused: make accept WHAT=<name> BY=<you> BECAUSE="<why>"
	@$(BIN)/python -m orchestration.lib.decided.acceptances

outbox: .venv/.installed ## show how many hand-overs wait, are delivered or dead
	@$(BIN)/python -m orchestration.lib.delivered.delivery list

deliver: .venv/.installed ## deliver the hand-overs that are due now (make ui does it by itself)
	@$(BIN)/python -m orchestration.lib.delivered.delivery deliver

redeliver: .venv/.installed ## have dead hand-overs sent again: make redeliver ID=<idempotency key, or all>
	@test -n "$(ID)" || { echo "Say which hand-over: make redeliver ID=<idempotency key, or all>; make outbox lists them."; exit 2; }
	@$(BIN)/python -m orchestration.lib.delivered.delivery redeliver "$(ID)"

lock: ## pin the dependencies of pyproject.toml anew (needs uv on the path)
	@UV_PYTHON_DOWNLOADS=never uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group dev pyproject.toml --output-file requirements.lock
	@UV_PYTHON_DOWNLOADS=never uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group bench --output-file requirements-bench.lock
