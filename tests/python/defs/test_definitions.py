"""What belongs here: that Dagster knows the whole road, in the right order, and that nothing comes
past an audit that failed."""

import os
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest
from fake_warehouse import AS_OF, EVIDENCE, SCORED_LEADS, build_warehouse, change
from holders import hold_lock_elsewhere

from orchestration.cli.daily_run import find_sentences
from orchestration.definitions import defs
from orchestration.defs import past
from orchestration.defs.audit import make_audit
from orchestration.defs.days import list_days, make_days, make_tags
from orchestration.defs.dbt_assets import describe_to_dagster
from orchestration.defs.dead_runs import PROCESS_TAG, forget_dead_runs, name_process
from orchestration.defs.publish import published_marts
from orchestration.defs.resources import WarehouseLock
from orchestration.defs.tiering import feed_health, lead_tiers
from orchestration.lib.basics.locks import hold_lock
from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.built.dbt_command import NodeResult
from orchestration.lib.checked.audit import BATCHES, audit_mart
from orchestration.lib.learned.backtest import TABLES
from orchestration.lib.published.publication import MARTS, publish, read_current


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


def test_the_past_is_tested_on_the_first_of_a_month_after_the_daily_run(definitions):
    schedule = definitions.resolve_schedule_def("monthly_backtest_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 7 1 * *", "UTC")
    assert schedule.job_name == "monthly_backtest"
    daily = definitions.resolve_schedule_def("daily_refresh_schedule")
    assert schedule.default_status == daily.default_status == dg.DefaultScheduleStatus.RUNNING


def run_backtest(monkeypatch, tmp_path, stand_in):
    """The monthly job as of June 30, with `stand_in` for the back-test itself."""
    monkeypatch.setattr(past, "back_test", stand_in)
    monkeypatch.setattr(past, "FOLDER", tmp_path / "backtest")
    monkeypatch.setenv("LEADS_WAREHOUSE", str(tmp_path / "leads.duckdb"))
    day = date(2026, 6, 30)
    with dg.DagsterInstance.ephemeral() as instance:
        return past.monthly_backtest.execute_in_process(
            instance=instance, tags=make_tags(day, day), raise_on_error=False
        )


def test_the_monthly_job_tests_the_past_as_of_its_day_and_says_what_it_made(monkeypatch, tmp_path):
    asked = []

    def find_nothing(settings, **options):
        asked.append((settings.as_of_dates, settings.warehouse, options["days"]))
        return []

    result = run_backtest(monkeypatch, tmp_path, find_nothing)
    assert result.success
    assert asked == [((date(2026, 6, 30),), tmp_path / "leads.duckdb", "")]
    made = result.asset_materializations_for_node("test_scores_of_the_past")
    assert {event.asset_key.to_user_string() for event in made} == set(TABLES)


def test_the_monthly_job_ends_with_the_sentence_on_what_is_wrong(monkeypatch, tmp_path):
    def refuse(settings, **options):
        raise WrongUse("On none of 12 days was a lead at risk.")

    result = run_backtest(monkeypatch, tmp_path, refuse)
    [failed] = result.get_step_failure_events()
    assert "On none of 12 days was a lead at risk." in failed.step_failure_data.error.message


def list_scheduled_days(definitions, monkeypatch, at, *, name="daily_refresh_schedule", **settings):
    for variable in ("LEADS_RAW", "LEADS_AS_OF", "LEADS_WAREHOUSE"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in settings.items():
        monkeypatch.setenv(variable, str(value))
    context = dg.build_schedule_context(scheduled_execution_time=at)
    schedule = definitions.resolve_schedule_def(name)
    runs = schedule.evaluate_tick(context).run_requests
    return [[str(day) for day in list_days(run.tags)] for run in runs]


def test_the_schedule_scores_today_and_of_the_sample_its_last_day(
    definitions, monkeypatch, tmp_path
):
    at = datetime(2026, 11, 5, 6, tzinfo=UTC)
    nowhere = tmp_path / "leads.duckdb"
    assert list_scheduled_days(
        definitions, monkeypatch, at, LEADS_RAW=tmp_path, LEADS_WAREHOUSE=nowhere
    ) == [["2026-11-05"]]
    assert list_scheduled_days(definitions, monkeypatch, at, LEADS_WAREHOUSE=nowhere) == [
        ["2026-06-30"]
    ]


def test_the_past_is_tested_as_of_today_and_of_the_sample_as_of_its_last_day(
    definitions, monkeypatch, tmp_path
):
    at = datetime(2026, 12, 1, 7, tzinfo=UTC)
    monthly = {"name": "monthly_backtest_schedule", "LEADS_WAREHOUSE": tmp_path / "leads.duckdb"}
    assert list_scheduled_days(definitions, monkeypatch, at, LEADS_RAW=tmp_path, **monthly) == [
        ["2026-12-01"]
    ]
    assert list_scheduled_days(definitions, monkeypatch, at, **monthly) == [["2026-06-30"]]


def test_every_asset_is_made_by_day_and_a_backfill_takes_a_week_in_one_run(definitions, graph):
    nodes = [graph.get(key) for key in graph.materializable_asset_keys]
    assert {node.backfill_policy.max_partitions_per_run for node in nodes} == {7}
    [days] = {node.partitions_def for node in nodes}
    assert definitions.resolve_job_def("daily_refresh").partitions_def == days


def test_there_is_a_partition_for_today_and_for_each_day_that_is_named(monkeypatch):
    today = date(2026, 11, 5)
    at_noon = datetime(2026, 11, 5, 12)
    monkeypatch.delenv("LEADS_AS_OF", raising=False)
    keys = make_days(today=today).get_partition_keys(at_noon)
    assert (keys[0], keys[-1]) == ("2020-01-01", "2026-11-05")
    monkeypatch.setenv("LEADS_AS_OF", "2010-11-17,2026-11-07")
    keys = make_days(today=today).get_partition_keys(at_noon)
    assert (keys[0], keys[-1]) == ("2010-11-17", "2026-11-07")
    # The sample can be scored where the clock is behind it.
    monkeypatch.delenv("LEADS_AS_OF")
    keys = make_days(today=date(2026, 1, 1)).get_partition_keys(datetime(2026, 1, 1, 12))
    assert keys[-1] == "2026-06-30"


def test_the_days_of_a_run_stand_in_its_tags():
    first, last = date(2026, 2, 27), date(2026, 3, 1)
    assert make_tags(first, first) == {"dagster/partition": "2026-02-27"}
    assert [str(day) for day in list_days(make_tags(first, last))] == [
        "2026-02-27",
        "2026-02-28",
        "2026-03-01",
    ]
    assert list_days({}) == []


def test_what_dbt_made_and_found_is_told_to_dagster():
    def tell(kind, status, failures=0):
        result = NodeResult("x", kind, status, "said", 0.25, failures)
        return list(describe_to_dagster(result, {"x": dg.AssetCheckKey(dg.AssetKey("t"), "x")}))

    [table] = tell("model", "success")
    assert (table.asset_key, dict(table.metadata)) == (dg.AssetKey("x"), {"seconds": 0.25})
    assert tell("model", "error") == tell("operation", "success") == tell("test", "error") == []
    [check] = tell("test", "fail", 3)
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert check.description == "said"
    assert check.metadata["failing_rows"].value == 3
    assert tell("test", "pass")[0].passed
    assert tell("test", "warn")[0].severity == dg.AssetCheckSeverity.WARN


def test_python_writes_the_tiers_between_the_scores_and_what_people_read(graph):
    assert parents(graph, "lead_tiers") == {
        "feed_health", "lead_scores", "lead_score_ledger", "model_tiers", "grades",
        "int_lead_cool_downs", "int_lead_suppressions", "unmet_demands", "health_limits",
        "gate_limits",
    }  # fmt: skip
    assert parents(graph, "feed_health") == {"int_feed_measures", "health_limits"}
    assert parents(graph, "scored_leads") >= {"lead_scores", "lead_tiers"}
    assert "crm/leads" in ancestors(graph, "lead_scores")
    assert "lead_tiers" not in ancestors(graph, "lead_scores")


def test_asset_keys_are_table_names_grouped_by_folder(graph):
    groups = {name: graph.get(dg.AssetKey(name)).group_name for name in [*MARTS, "stg_web__events"]}
    assert groups == {
        **dict.fromkeys(MARTS, "marts"),
        # No run makes them: `leads backtest` does.
        **dict.fromkeys(TABLES, "evidence"),
        "stg_web__events": "staging",
    }


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


def run_steps(folder, monkeypatch, *, sql="select 1", as_of=AS_OF, config=None):
    """The real steps after dbt, over a made-up warehouse with `sql` done to it."""
    warehouse = build_warehouse(folder / "leads.duckdb", leads=300, as_of=as_of, tiered=False)
    change(warehouse, sql)
    monkeypatch.setenv("LEADS_WAREHOUSE", str(warehouse))
    monkeypatch.setenv("LEADS_PUBLISHED", str(folder / "published"))
    audits = [make_audit(mart) for mart in BATCHES]
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [stand_in_for_dbt, feed_health, lead_tiers, scored_leads, published_marts, *audits],
            instance=instance,
            partition_key=str(as_of),
            resources={
                "auditor": SimpleNamespace(audit=audit_mart),
                "warehouse_lock": WarehouseLock(wait_seconds=0.5),
            },
            run_config={"ops": {"published_marts": {"config": config or {}}}},
            raise_on_error=False,
        )


def list_started(result):
    return [event.step_key for event in result.all_events if event.is_step_start]


def test_a_healthy_run_audits_each_mart_before_it_publishes(tmp_path, monkeypatch):
    evidence = EVIDENCE.replace("$as_of", f"date '{AS_OF}'")
    result = run_steps(tmp_path, monkeypatch, sql=evidence)
    assert result.success
    steps = list_started(result)
    assert steps[-1] == "published_marts"
    audits = {f"{mart}_audit_{mart}" for mart in BATCHES}
    assert audits < set(steps)
    assert steps.index("scored_leads_audit_scored_leads") > steps.index("scored_leads")
    manifest = read_current(tmp_path / "published")
    assert manifest["run_id"] == result.run_id
    assert manifest["row_counts"]["lead_tiers"] == 300
    [published] = result.asset_materializations_for_node("published_marts")
    assert published.metadata["auc_b2b"].value == 0.75
    assert "| b2b | nurture | 4% (3%–6%) within 90 days | 500 | broken |" in (
        published.metadata["promises"].value
    )
    # A sick population after it leaves that publication alone.
    assert not run_steps(tmp_path, monkeypatch, sql="update lead_scores set score = 7").success
    assert read_current(tmp_path / "published") == manifest


@pytest.mark.parametrize(
    ("mart", "sql", "sentence"),
    [
        ("lead_scores", "update lead_scores set score = 7", "best twentieth scores higher"),
        ("lead_score_ledger", "delete from lead_score_ledger", "At least one rule gave points"),
        (
            "lead_tiers",
            "delete from rule_book.model_tiers",
            "no tier (nor having none) holds more than 99 %",
        ),
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


def test_a_broken_feed_stops_the_run_before_tiers_and_says_why(tmp_path, monkeypatch):
    result = run_steps(
        tmp_path,
        monkeypatch,
        sql="update intermediate.int_feed_measures set value = 0.9"
        " where measure = 'quarantined_share'",
    )
    assert not result.success
    assert not {"lead_tiers", "published_marts"} & set(list_started(result))
    [sentence], is_refused = find_sentences(result.all_events)
    assert is_refused
    assert sentence.startswith("crm.leads, rows that are unusable: 90.0 %, expected at most 5.0 %")


def test_an_older_day_leaves_the_publication_in_place_unless_it_was_asked_to(tmp_path, monkeypatch):
    assert run_steps(tmp_path, monkeypatch).success
    live = read_current(tmp_path / "published")
    day_before = AS_OF - timedelta(days=1)
    result = run_steps(tmp_path, monkeypatch, as_of=day_before)
    assert result.success
    [made] = result.asset_materializations_for_node("published_marts")
    assert made.partition == "2026-06-29"
    assert made.metadata["not_published"].value == (
        "The live publication speaks for 2026-06-30 and stays: this run is about 2026-06-29."
    )
    assert read_current(tmp_path / "published") == live
    assert run_steps(
        tmp_path, monkeypatch, as_of=day_before, config={"replace_newer": True}
    ).success
    assert read_current(tmp_path / "published")["as_of_date"] == "2026-06-29"


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
    with hold_lock_elsewhere(tmp_path / ".leads.duckdb.lock") as process:
        result = run_steps(tmp_path, monkeypatch)
    assert not result.success
    [sentence], is_refused = find_sentences(result.all_events)
    assert not is_refused
    assert sentence.startswith("Another run is at work: it holds ")
    assert f"(process {process}, " in sentence


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        (
            "update intermediate.int_as_of_dates set as_of_date = '2026-06-01'",
            "speak for 2026-06-01 (int_as_of_dates), while this run is about 2026-06-30",
        ),
        ("update lead_scores set as_of_date = '2026-06-01'", "speak for 2026-06-01 (lead_scores)"),
        (
            "update intermediate.int_as_of_dates set known_until = as_of_date",
            "were made with other rows known than LEADS_KNOWN=now",
        ),
        (
            "update intermediate.int_as_of_dates set rules_sha256 = 'of another'",
            "were scored by another rule book than ",
        ),
    ],
)
def test_tables_of_another_day_or_rule_book_are_neither_audited_nor_tiered_nor_published(
    tmp_path, monkeypatch, sql, what
):
    result = run_steps(tmp_path, monkeypatch, sql=sql)
    assert not result.success
    assert list_started(result).count("lead_tiers") == 0
    sentences = " ".join(find_sentences(result.all_events)[0])
    assert f"The tables in {tmp_path / 'leads.duckdb'} {what}" in sentences
    assert "something else has written them since" in sentences


def test_what_is_written_between_two_steps_is_not_published(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "orchestration.defs.tiering.write_changes",
        lambda connection, _: connection.execute(
            "update intermediate.int_as_of_dates set as_of_date = '2026-06-01'"
        ),
    )
    result = run_steps(tmp_path, monkeypatch)
    assert not result.success and "published_marts" not in list_started(result)
    assert "speak for 2026-06-01" in find_sentences(result.all_events)[0][0]
    assert read_current(tmp_path / "published") is None


def test_python_mistakes_of_the_user_reach_them_as_sentences(tmp_path, monkeypatch):
    result = run_steps(
        tmp_path, monkeypatch, sql="update rules.grades set from_score = 'many' where grade = 'A'"
    )
    assert find_sentences(result.all_events) == (
        ["grades.csv, column from_score: 'many' is not a number."],
        False,
    )


def test_a_damaged_block_is_said_with_what_to_do(tmp_path, monkeypatch):
    def meet_it(*_arguments, **_options):
        raise duckdb.IOException("IO Error: Corrupt database file: computed checksum 1 ...")

    monkeypatch.setattr("orchestration.defs.tiering.write_tiers", meet_it)
    [sentence], _ = find_sentences(run_steps(tmp_path, monkeypatch).all_events)
    assert "Corrupt database file" in sentence and "move it away and run again" in sentence


def test_a_run_whose_process_is_gone_no_longer_counts_as_at_work():
    child = subprocess.Popen(["true"])
    child.wait()
    machine = name_process().split()[0]
    started = dg.DagsterRunStatus.STARTED
    with dg.DagsterInstance.ephemeral() as instance:
        dead, alive, elsewhere, watched = (
            instance.create_run_for_job(
                dg.GraphDefinition("job", node_defs=[]).to_job(),
                status=started,
                tags={PROCESS_TAG: process} if process else {},
            ).run_id
            for process in [
                f"{machine} {child.pid}",
                name_process(),
                f"another-machine {child.pid}",
                None,
            ]
        )
        assert forget_dead_runs(instance) == [dead]
        assert instance.get_run_by_id(dead).status == dg.DagsterRunStatus.FAILURE
        for run_id in (alive, elsewhere, watched):
            assert instance.get_run_by_id(run_id).status == started


def test_telemetry_is_off_in_project_files():
    project = Path(__file__).resolve().parents[3]
    assert "telemetry:\n  enabled: false" in (project / ".dagster/dagster.yaml").read_text()
    assert "send_anonymous_usage_stats: false" in (project / "dbt_project.yml").read_text()
    assert "analytics_enabled=False" in (project / "orchestration/lib/checked/audit.py").read_text()
