"""What belongs here: that Dagster knows the whole road, in the right order, and that nothing comes
past an audit that failed."""

import os
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from fake_warehouse import SCORED_LEADS, build_warehouse, change

from orchestration.definitions import defs
from orchestration.defs.audit import make_audit
from orchestration.defs.publish import published_marts
from orchestration.defs.resources import WarehouseLock
from orchestration.defs.tiering import lead_tiers
from orchestration.lib.audit import BATCHES
from orchestration.lib.locks import hold_lock
from orchestration.lib.publication import MARTS, publish, read_current
from orchestration.run import find_sentences


@pytest.fixture(scope="module")
def definitions():
    return defs()


@pytest.fixture(scope="module")
def graph(definitions):
    return definitions.resolve_asset_graph()


def parents(graph, name):
    return {key.to_user_string() for key in graph.get(dg.AssetKey(name)).parent_keys}


def ancestors(graph, name):
    keys = graph.get_ancestor_asset_keys(dg.AssetKey(name))
    return {key.to_user_string() for key in keys}


def test_all_definitions_load_and_fit_together(definitions):
    dg.Definitions.validate_loadable(definitions)


def test_the_daily_job_makes_every_asset_and_runs_every_check(definitions, graph):
    job = definitions.resolve_job_def("daily_refresh")
    made = {key for key in job.asset_layer.executable_asset_keys}
    assert made == set(graph.materializable_asset_keys)
    assert set(job.asset_layer.asset_graph.asset_check_keys) == set(graph.asset_check_keys)
    assert job.executor_def is dg.in_process_executor


def test_the_schedule_starts_it_at_six_utc(definitions):
    schedule = definitions.resolve_schedule_def("daily_refresh_schedule")
    assert schedule.cron_schedule == "0 6 * * *"
    assert schedule.execution_timezone == "UTC"
    assert schedule.job_name == "daily_refresh"


def test_python_writes_the_tiers_between_the_scores_and_what_people_read(graph):
    assert parents(graph, "lead_tiers") == {"lead_scores", "models", "tiers", "grades"}
    assert parents(graph, "scored_leads") >= {"lead_scores", "lead_tiers"}
    assert "crm/leads" in ancestors(graph, "lead_scores")
    assert "lead_tiers" not in ancestors(graph, "lead_scores")


def test_asset_keys_are_table_names_grouped_by_folder(graph):
    groups = {name: graph.get(dg.AssetKey(name)).group_name for name in [*MARTS, "stg_web__events"]}
    assert groups == {**dict.fromkeys(MARTS, "marts"), "stg_web__events": "staging"}


def test_the_publication_waits_for_every_mart_and_every_audit(graph):
    assert parents(graph, "published_marts") == set(MARTS)
    for mart in BATCHES:
        check = graph.get(dg.AssetCheckKey(dg.AssetKey(mart), f"audit_{mart}"))
        assert check.blocking


def test_dbt_tests_are_seen_as_checks(graph):
    checked = {key.asset_key.to_user_string() for key in graph.asset_check_keys}
    assert checked >= {"lead_scores", "lead_score_ledger", "scored_leads"}
    assert len(graph.asset_check_keys) > 20


def test_all_that_opens_the_warehouse_shares_one_pool(definitions):
    job = definitions.resolve_job_def("daily_refresh")
    assert {node.pool for node in job.graph.iterate_op_defs()} == {"warehouse"}


@dg.multi_asset(
    specs=[dg.AssetSpec(name) for name in ("lead_scores", "lead_score_ledger", "quarantine")]
)
def stand_in_for_dbt():
    for name in ("lead_scores", "lead_score_ledger", "quarantine"):
        yield dg.MaterializeResult(asset_key=name)


@dg.asset(deps=["lead_scores", "lead_tiers"])
def scored_leads():
    with duckdb.connect(os.environ["LEADS_WAREHOUSE"]) as connection:
        connection.execute(SCORED_LEADS)


def run_steps(folder, monkeypatch, *, sql="select 1"):
    """The real steps after dbt, over a made-up warehouse with `sql` done to it."""
    warehouse = build_warehouse(folder / "leads.duckdb", leads=300, tiered=False)
    change(warehouse, sql)
    monkeypatch.setenv("LEADS_WAREHOUSE", str(warehouse))
    monkeypatch.setenv("LEADS_PUBLISHED", str(folder / "published"))
    monkeypatch.setenv("LEADS_AS_OF", "2026-06-30")
    audits = [make_audit(mart) for mart in BATCHES]
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [stand_in_for_dbt, lead_tiers, scored_leads, published_marts, *audits],
            instance=instance,
            resources={"warehouse_lock": WarehouseLock(wait_seconds=0.5)},
            raise_on_error=False,
        )


def list_started(result):
    return [event.step_key for event in result.all_events if event.is_step_start]


def test_a_healthy_run_audits_each_mart_before_it_publishes(tmp_path, monkeypatch):
    result = run_steps(tmp_path, monkeypatch)
    assert result.success
    steps = list_started(result)
    assert steps[-1] == "published_marts"
    audits = {f"{mart}_audit_{mart}" for mart in BATCHES}
    assert audits < set(steps)
    assert steps.index("scored_leads_audit_scored_leads") > steps.index("scored_leads")
    manifest = read_current(tmp_path / "published")
    assert manifest["run_id"] == result.run_id
    assert manifest["row_counts"]["lead_tiers"] == 300
    # A sick population after it leaves that publication alone.
    assert not run_steps(tmp_path, monkeypatch, sql="update lead_scores set score = 7").success
    assert read_current(tmp_path / "published") == manifest


@pytest.mark.parametrize(
    ("mart", "sql", "sentence"),
    [
        ("lead_scores", "update lead_scores set score = 7", "best twentieth scores higher"),
        ("lead_score_ledger", "delete from lead_score_ledger", "At least one rule gave points"),
        ("lead_tiers", "delete from rules.tiers", "no tier (nor having none) holds more than 99 %"),
        ("scored_leads", "update lead_scores set top_reasons = null", "have a reason"),
    ],
)
def test_a_failed_audit_publishes_nothing_and_says_why(tmp_path, monkeypatch, mart, sql, sentence):
    result = run_steps(tmp_path, monkeypatch, sql=sql)
    assert not result.success
    assert "published_marts" not in list_started(result)
    assert read_current(tmp_path / "published") is None
    [failed] = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert failed.asset_check_key.asset_key.to_user_string() == mart
    assert sentence in failed.description


def test_a_second_run_waits_for_the_first_from_its_first_step_to_its_last(tmp_path, monkeypatch):
    others = []

    def try_to_start(*arguments, **options):
        with pytest.raises(ValueError, match="Another run is at work"):  # noqa: SIM117
            with hold_lock(tmp_path / ".leads.duckdb.lock", wait_seconds=0):
                pass
        others.append("waited")
        return publish(*arguments, **options)

    monkeypatch.setattr("orchestration.defs.publish.publish", try_to_start)
    assert run_steps(tmp_path, monkeypatch).success
    assert others == ["waited"]
    with hold_lock(tmp_path / ".leads.duckdb.lock", wait_seconds=0):
        result = run_steps(tmp_path, monkeypatch)
    assert not result.success
    [sentence] = find_sentences(result.all_events)
    assert sentence.startswith("Another run is at work: it holds ")


def test_python_mistakes_of_the_user_reach_them_as_sentences(tmp_path, monkeypatch):
    result = run_steps(
        tmp_path, monkeypatch, sql="update rules.tiers set enter_at = 'many' where tier = 'sales'"
    )
    assert find_sentences(result.all_events) == [
        "tiers.csv, column enter_at: 'many' is not a number."
    ]


def test_telemetry_is_off_in_project_files():
    project = Path(__file__).resolve().parents[2]
    assert "telemetry:\n  enabled: false" in (project / ".dagster/dagster.yaml").read_text()
    assert "send_anonymous_usage_stats: false" in (project / "dbt_project.yml").read_text()
    assert "analytics_enabled=False" in (project / "orchestration/lib/audit.py").read_text()
