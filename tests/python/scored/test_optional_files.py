"""What belongs here: the files that a rule book may lack. Its own go before the shipped ones, which
count where it has none; score parts, which speak of shipped rules, count for no other rule book."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from dbt_runs import (
    DEFAULT_MODEL,
    copy_rules_without_options,
    judge_rules,
    lead,
    query,
    score_raw,
    web_event,
    write_raw,
)

from orchestration.lib.built.dbt_command import leave_out_stand_ins

RAW = {
    "crm.leads": [
        lead("L1", email="one@acme.example", account_id="acme", job_title="Director of Sales"),
        lead("L2", email="two@acme.example", account_id="acme", job_title="Director of Sales"),
    ],
    "crm.lead_feedback": [
        {"lead_id": "L1", "verdict": "rejected", "reason": "no budget",
         "decided_at": "2026-06-20 12:00:00", "_loaded_at": "2026-06-20 12:00:00"}
    ],
    "crm.opportunities": [
        {"opportunity_id": "O1", "lead_id": "L2", "stage": "proposal", "amount": 1000,
         "created_at": "2026-06-01 12:00:00", "updated_at": "2026-06-01 12:00:00",
         "_loaded_at": "2026-06-01 12:00:00"}
    ],
    # Loaded five days before the day that is scored.
    "web.events": [web_event("e1", "2026-06-25", email="one@acme.example")],
}  # fmt: skip

OWN = {
    "stages": "stage,position,owner,reached_by,description\nmet,1,sales,hand_over,Was met\n",
    "recycling": "reason,rest_days,description\nNo Budget,14,Two weeks\n",
    "stage_confidence": "stage,confidence_pct\nproposal,80\n",
    "feeds": "table_name,measure,verdict,falls_to,rises_to,at_least,at_most,from_rows,description\n"
    "web.events,days_since_loaded,stale,,,,3,,Three days\n",
    "score_limits": "measure,verdict,falls_to,rises_to,moves_by,at_most,from_leads,reason\n"
    "leads,warn,0.5,,,,4,Half of them\n",
    "model_minimums": "minimum,value,reason\nleads,2,Two\noutcomes,1,One\nrule_leads,1,One\n"
    "capped_pct,50,Half\npromise_leads,1,One\nconfidence_outcomes,1,One\n"
    "confidence_others,1,One\nleak_pct,90,Most\nlearning_outcomes,1,One\n",
    "account_rollup": "model_id,next_lead_weight,leads_counted,engaged_within_days,max_score,reason"
    "\n,1,5,30,1000,All in full\n",
    "outcomes": "model_id,outcome,value,horizon_days,ends_with,cool_down_days,description\n"
    ",stage,Proposal,30,none,,A proposal\n",
    "targets": "month,product,amount\n2026-07-01,,100\n",
    "score_parts": f"model_id,part,rule_id\n{DEFAULT_MODEL},seniority,level_director\n",
    "gate": "model_id,condition,limit,description\n,auc_share,0.5,Half\n"
    f"{DEFAULT_MODEL},auc_share,0.9,Its own\n",
    "write_back": "crm,property,model_id,mart_column,decimals,description\n"
    "hubspot,rating,,scored_leads.grade,,Their word for it\n",
}

# What each of them says, by the file that counts: the shipped one, and the one above.
QUESTIONS = {
    "stages": ("select stage from lead_funnel where position = 1 limit 1", "unaware", "met"),
    "recycling": (
        "select cast(cools_down_until as varchar) from intermediate.int_lead_cool_downs",
        "2026-09-18", "2026-07-04",
    ),
    "stage_confidence": ("select cast(forecast_amount as double) from sales_forecast", 500, 800),
    "feeds": (
        "select is_stale from intermediate.int_feeds where table_name = 'web.events'", False, True,
    ),
    "score_limits": (
        "select falls_to from rule_book.health_limits where file_name = 'score_limits'"
        " and measure = 'leads' and verdict = 'warn'",
        0.9, 0.5,
    ),
    "model_minimums": ("select leads_needed from rule_book.thresholds", 100, 2),
    "account_rollup": (
        "select next_lead_weight from rule_book.account_rollups"
        f" where model_id = '{DEFAULT_MODEL}'",
        0.25, 1,
    ),
    "outcomes": (
        "select outcome_text || ', ' || cast(horizon_days as varchar) from rule_book.model_outcomes"
        f" where model_id = '{DEFAULT_MODEL}'",
        "an opportunity, 90", "an opportunity that reached proposal, 30",
    ),
    "targets": (
        "select cast(max(target) as double) from forecast where month = '2026-07-01'"
        " and product = 'all products'",
        None, 100,
    ),
    "score_parts": (
        f"select min(part) from lead_score_parts where model_id = '{DEFAULT_MODEL}'",
        None, "seniority",
    ),
    "gate": (
        "select limit_value from rule_book.gate_limits"
        f" where model_id = '{DEFAULT_MODEL}' and condition = 'auc_share'",
        0.95, 0.9,
    ),
    "write_back": (
        "select value from rule_book.rule_book_cells where file_name = 'write_back'"
        " and column_name = 'property' and row_number = 2",
        "lead_score", "rating",
    ),
}  # fmt: skip


def write_own_files(folder: Path) -> Path:
    """The shipped rules with every file of OWN; returns the folder."""
    copy_rules_without_options(folder)
    for name, text in OWN.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """Folder of a rule book by whether it has files of its own that it might lack."""
    folder = tmp_path_factory.mktemp("books")
    return {
        "own": write_own_files(folder / "own"),
        "without": copy_rules_without_options(folder / "without"),
    }


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory, books):
    """The same raw tables scored by each of the books."""
    found = {}
    for name, rules in books.items():
        folder = tmp_path_factory.mktemp(name)
        found[name] = score_raw(write_raw(folder / "raw", RAW), folder, rules=rules)
    return found


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_file_of_the_rule_book_counts_and_the_shipped_one_where_it_has_none(warehouses, name):
    sql, shipped, own = QUESTIONS[name]
    found = {book: query(path, sql)[0][0] for book, path in warehouses.items()}
    assert found == {"without": shipped, "own": own}


def test_every_optional_file_is_asked_about(books):
    names = {path.stem for path in books["own"].iterdir()}
    assert set(OWN) == set(QUESTIONS) == names - {path.stem for path in books["without"].iterdir()}


def test_what_is_wrong_in_a_file_of_the_rule_book_is_said_of_it(books, warehouses, tmp_path):
    rules = Path(shutil.copytree(books["own"], tmp_path / "rules"))
    (rules / "recycling.csv").write_text("reason,rest_days,description\nnot now,soon,Soon\n")
    with (rules / "account_rollup.csv").open("a") as file:
        file.write("b2c,1,5,30,1000,Another\n")
    warehouse = Path(shutil.copy(warehouses["own"], tmp_path))
    outcome = judge_rules(rules, warehouse, "recycling", "account_rollup")
    assert "(2 problem(s) found)" in outcome.errors
    assert "- recycling.csv, row 2, column rest_days: 'soon' is not a number" in outcome.errors
    assert "- account_rollup.csv, row 3, column model_id: 'b2c' is not a model" in outcome.errors


def test_what_is_wrong_in_a_shipped_file_that_stands_in_is_said_of_that(
    books, warehouses, tmp_path
):
    """It may name a model that the rule book lacks."""
    warehouse = Path(shutil.copy(warehouses["without"], tmp_path))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "insert into shipped_rules.account_rollup values ('b2c', '1', '5', '30', '100', 'x')"
        )
        connection.execute(
            "update shipped_rules.stage_confidence set confidence_pct = 'most'"
            " where stage = 'proposal'"
        )
    outcome = judge_rules(books["without"], warehouse)
    assert "(1 problem(s) found)" in outcome.errors
    assert (
        "- seeds/rules/stage_confidence.csv, row 4, column confidence_pct: 'most' is not a number"
    ) in outcome.errors


def test_a_run_loads_no_shipped_file_beside_the_one_that_replaces_it():
    def make_seed(package, name, kind="seed"):
        return SimpleNamespace(
            unique_id=f"{package}.{name}", package_name=package, name=name, resource_type=kind
        )

    nodes = [
        make_seed("lead_scoring", "stages"),
        make_seed("shipped_rules", "stages"),
        make_seed("shipped_rules", "feeds"),
        make_seed("lead_scoring", "feeds", kind="model"),
    ]
    project = SimpleNamespace(nodes={node.unique_id: node for node in nodes})
    leave_out_stand_ins(project)
    assert list(project.nodes) == [
        "lead_scoring.stages", "shipped_rules.feeds", "lead_scoring.feeds",
    ]  # fmt: skip
