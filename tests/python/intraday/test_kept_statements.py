"""What belongs here: that what is kept for the day serves later runs of it alone: the SQL of the
first intraday run, and what the live publication tells of leads that nothing touched."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb
import pytest
from commands import run_in as run
from dbt_runs import SCORES, query, score_raw
from landings import land
from messy_rows import SAMPLE

from orchestration.lib.asked.scratch import build
from orchestration.lib.basics.settings import Settings, load_settings
from orchestration.lib.built import kept_statements
from orchestration.lib.built.kept_statements import (
    hash_project,
    keep_statements,
    run_kept_statements,
)
from orchestration.lib.published.page_data import DATA, read_script, write_page_data
from orchestration.lib.published.publication import MARTS, hash_file
from orchestration.lib.published.replaced import LEAD_MARTS
from orchestration.lib.published.stories import unpack_stories

MORNING = "_loaded_at < timestamp '2026-06-30 10:00:00'"
LATER = ["_loaded_at < timestamp '2026-06-30 12:00:00'"]
LATER += ["_loaded_at < timestamp '2026-06-30 16:00:00'", "true"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """An installation that has scored the sample's last day as it was known in the morning."""
    folder = tmp_path_factory.mktemp("kept")
    land(SAMPLE, folder / "raw", MORNING)
    run(folder, "run")
    return folder


@pytest.fixture(scope="module")
def said(folder) -> list[str]:
    """What the command says of each of three landings."""
    said = []
    for condition in LATER:
        land(SAMPLE, folder / "raw", condition)
        said.append(run(folder, "run", "--intraday"))
    return said


def read_live(folder: Path) -> tuple[Path, dict]:
    live = (folder / "published" / "current").resolve()
    return live, json.loads((live / "manifest.json").read_text())


def test_later_runs_of_the_day_publish_by_the_kept_sql_what_a_daily_run_would(
    folder, said, tmp_path
):
    assert ["dbt build" in text for text in said] == [True, False, False]
    warehouse = score_raw(
        folder / "raw", tmp_path, models=(*SCORES, "lead_activities", "lead_score_parts")
    )
    live, _ = read_live(folder)
    for mart in (*SCORES, "lead_activities", "lead_score_parts"):
        found = query(live / "leads.duckdb", f"from {mart} order by all")
        assert found == query(warehouse, f"from {mart} order by all"), mart


def test_all_files_of_an_intraday_publication_say_the_same(folder, said):
    live, manifest = read_live(folder)
    for name, checksum in manifest["files"].items():
        assert hash_file(live / name) == checksum, name
    before = max(path for path in (folder / "published/versions").iterdir() if path != live)
    with duckdb.connect(str(live / "leads.duckdb"), read_only=True) as connection:
        for mart in MARTS:
            place = f"{mart}/*" if mart == "lead_score_history" else mart
            files = f"'{live / place}.parquet'"
            own, other = (
                [column[:2] for column in connection.execute(f"describe from {rows}").fetchall()]
                for rows in (mart, files)
            )
            assert own == other, mart
            own, other = (
                connection.execute(f"from {rows} order by all").fetchall() for rows in (mart, files)
            )
            assert own == other, mart
            is_linked = mart not in (*LEAD_MARTS, "hand_over_rules", "lead_score_history")
            if is_linked:
                assert (live / f"{mart}.parquet").samefile(before / f"{mart}.parquet")


def test_the_page_tells_what_a_page_made_anew_would(folder, said, tmp_path):
    live, _ = read_live(folder)
    with duckdb.connect(str(live / "leads.duckdb"), read_only=True) as connection:
        write_page_data(connection, tmp_path)
    told, anew = (read_stories(place) for place in (live, tmp_path))
    assert len(told) > 1000
    assert told == anew
    lists = [read_script(place / DATA / "leads.js") for place in (live, tmp_path)]
    assert {len(leads["ids"]) for leads in lists} == {len(lists[0]["ids"])}
    assert len({tuple(sorted(leads["ids"])) for leads in lists}) == 1


def read_stories(folder: Path) -> dict[tuple[str, str], dict]:
    """Each story by lead and model, with the ids of the rules in place of their places."""
    leads = read_script(folder / DATA / "leads.js")
    rules = [rule["rule_id"] for rule in read_script(folder / DATA / "rules.js")]
    stories = {}
    for file in (folder / DATA).glob("stories-*.js"):
        for key, story in json.loads(unpack_stories(file)).items():
            place, model = map(int, key.split(":"))
            for row in story["points"] or []:
                row[0] = rules[row[0]]
            stories[leads["ids"][place], leads["models"][model]] = story
    return stories


# Models that say how a raw table is read, and what of it cannot be used.
SELECTION = ("--select", "base_crm__accounts", "base_crm__leads")

TODAY = datetime.now(UTC).replace(tzinfo=None)
# What may be at the end of the day, and lies too far ahead before it.
LATE = datetime.combine(TODAY + timedelta(days=1), time(23, 59, 58))


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> tuple[Settings, Path]:
    """Settings of a build whose statements are kept, and the file."""
    folder = tmp_path_factory.mktemp("statements")
    for file in SAMPLE.glob("*/*.parquet"):
        (folder / "raw" / file.parent.name).mkdir(parents=True, exist_ok=True)
        (folder / "raw" / file.relative_to(SAMPLE)).symlink_to(file)
    write_accounts(folder / "raw", "select *")
    settings = load_settings(
        {
            "LEADS_RAW": str(folder / "raw"),
            "LEADS_WAREHOUSE": str(folder / "leads.duckdb"),
            "LEADS_AS_OF": "2026-06-30",
        }
    )
    file = folder / "kept.json"
    with (folder / "console").open("w") as console, keep_statements(file, settings, SELECTION):
        build(settings, folder, console, *SELECTION)
    return settings, file


def write_accounts(raw: Path, select: str) -> None:
    file = raw / "crm/accounts.parquet"
    file.unlink(missing_ok=True)
    duckdb.execute(
        f"copy ({select} from (from '{SAMPLE}/crm/accounts.parquet' union all by name select"
        f" 'late' as account_id, timestamp '{LATE}' as updated_at, timestamp '{LATE}' as"
        f" _loaded_at)) to '{file}'"
    )


def read_tables(warehouse: Path) -> list:
    places = ("staging.base_crm__leads", "staging.base_crm__accounts")
    return [query(warehouse, f"from {place} order by all") for place in places]


def test_kept_sql_makes_what_dbt_made(kept):
    settings, file = kept
    made = read_tables(settings.warehouse)
    settings.warehouse.unlink()
    assert run_kept_statements(file, settings, SELECTION) > 0
    assert read_tables(settings.warehouse) == made


class Clock(datetime):
    """A clock that stands still."""

    at = datetime.combine(TODAY, time(23, 59, 59), UTC)

    @classmethod
    def now(cls, tz=None):
        return cls.at


class ClockOfTomorrow(Clock):
    """The same a day later."""

    at = Clock.at + timedelta(days=1)


def test_what_lies_ahead_is_judged_by_the_clock_of_the_run(kept, monkeypatch):
    settings, file = kept
    monkeypatch.setattr(kept_statements, "datetime", Clock)
    settings.warehouse.unlink(missing_ok=True)
    assert run_kept_statements(file, settings, SELECTION) > 0
    late = "select quarantine_reason from staging.base_crm__accounts where account_id = 'late'"
    assert query(settings.warehouse, late) == [(None,)]


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("as_of_dates", (date(2026, 6, 29),)),
        ("known", "then"),
        ("selection", SELECTION[:-1]),
        ("hash_rules", lambda _rules: "another"),
        ("hash_project", lambda _project: "another"),
        ("version", lambda _package: "another"),
        ("datetime", ClockOfTomorrow),
        ("LEADS_MEMORY_LIMIT", "1GB"),
        ("columns", "select * exclude (industry)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_kept_sql_serves_nothing_else(kept, monkeypatch, what, other):
    settings, file = kept
    settings.warehouse.unlink(missing_ok=True)
    selection = SELECTION
    if hasattr(settings, what):
        settings = replace(settings, **{what: other})
    elif hasattr(kept_statements, what):
        monkeypatch.setattr(kept_statements, what, other)
    elif what == "columns":
        write_accounts(settings.raw, other)
    elif what == "selection":
        selection = other
    else:
        monkeypatch.setenv(what, other)
    try:
        assert run_kept_statements(file, settings, selection) == 0
        assert not settings.warehouse.exists() or query(
            settings.warehouse, "select * from duckdb_tables()"
        ) == []  # fmt: skip
    finally:
        write_accounts(settings.raw, "select *")


def test_every_file_that_dbt_reads_counts(tmp_path):
    for name in ("one", "other"):
        for file in ("dbt_project.yml", "profiles.yml", "packages.yml", "macros/a.sql"):
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_text(f"{name if file.startswith('macros') else ''}")
    assert hash_project(tmp_path / "one") != hash_project(tmp_path / "other")
