"""What belongs here: that a preview names exactly the leads a change moves, and why, and that it
leaves the warehouse and the publication alone."""

import csv
import io
from datetime import date

import pytest
from dbt_runs import copy_rules_without_options, lead, score_raw, write_raw
from fake_warehouse import AS_OF, build_warehouse, change

from orchestration.cli import main, printing
from orchestration.lib.asked import preview
from orchestration.lib.asked.moves import (
    compare_models,
    compare_scores,
    count_moves,
    describe_moves,
    find_moved_leads,
    find_rule_changes,
    write_moves,
)
from orchestration.lib.basics.settings import PROJECT_ROOT, load_settings
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.decided.tiers import write_tiers
from orchestration.lib.published.publication import hash_file, publish, read_current

# Two models of three leads each; `old` is there before only, `new` after only.
SCORED = """
delete from lead_scores;
delete from lead_tiers;
delete from lead_score_ledger;
insert into lead_scores by name
select
    date '2026-06-30' as as_of_date, model_id, lead_id, version as model_version, score,
    why is not null as is_excluded, why as exclusion_reason
from (values {scores}) as t (model_id, version, lead_id, score, tier, why);
insert into lead_tiers by name
select
    date '2026-06-30' as as_of_date, model_id, lead_id, tier, date '2026-06-30' as tier_since
from (values {scores}) as t (model_id, version, lead_id, score, tier, why);
insert into lead_score_ledger by name
select date '2026-06-30' as as_of_date, * from (values {ledger})
    as t (model_id, lead_id, rule_id, points, evidence);
"""

BEFORE = {
    "scores": """
        ('b2b', '1', 'down', 70, 'sales', null), ('b2b', '1', 'up', 20, 'aware', null),
        ('b2b', '1', 'same', 30, 'nurture', null), ('b2b', '1', 'gone', 30, 'nurture', null),
        ('b2b', '1', 'none', -5, null, null), ('b2b', '1', 'rival', 40, 'nurture', null),
        ('b2b', '1', 'freed', 40, 'nurture', 'A test'), ('b2b', '1', 'old name', 60, 'warm', null),
        ('old', '1', 'down', 70, 'sales', null)
    """,
    "ledger": """
        ('b2b', 'down', 'open', 12, '6 × open'), ('b2b', 'down', 'level', 58, 'level: director'),
        ('b2b', 'up', 'level', 20, 'level: manager'), ('b2b', 'same', 'level', 30, 'level: vp'),
        ('b2b', 'none', 'free_mail', -5, 'free mail')
    """,
}

AFTER = {
    "scores": """
        ('b2b', '2', 'down', 60, 'nurture_close', null), ('b2b', '2', 'up', 27, 'nurture', null),
        ('b2b', '2', 'same', 31, 'nurture', null), ('b2b', '2', 'fresh', 66, 'sales', null),
        ('b2b', '2', 'none', 1, 'aware', null), ('b2b', '2', 'rival', 40, 'nurture', 'A rival'),
        ('b2b', '2', 'freed', 40, 'nurture', null),
        ('b2b', '2', 'old name', 60, 'nurture_close', null), ('new', '1', 'down', 7, 'aware', null)
    """,
    "ledger": """
        ('b2b', 'down', 'open', 0, '0 × open'), ('b2b', 'down', 'level', 58, 'level: director'),
        ('b2b', 'down', 'visit', 3, '1 × visit'), ('b2b', 'down', 'cap:score', -20, 'cap'),
        ('b2b', 'up', 'level', 27, 'level: manager'), ('b2b', 'same', 'level', 31, 'level: vp'),
        ('b2b', 'none', 'free_mail', 1, 'free mail')
    """,
}

TIERS_BEFORE = {"b2b": [{"tier": "warm", "enter_at": 51.0}, {"tier": "sales", "enter_at": 65.0}]}


@pytest.fixture
def compared(tmp_path):
    before = build_warehouse(tmp_path / "before.duckdb", leads=10)
    after = build_warehouse(tmp_path / "after.duckdb", leads=10)
    change(before, SCORED.format(**BEFORE))
    # Another day beside it is not compared.
    change(before, "insert into lead_scores by name select * replace (as_of_date - 1 as as_of_date)"
           " from lead_scores")  # fmt: skip
    change(after, SCORED.format(**AFTER))
    with compare_scores(before, after, as_of=AS_OF, tiers_before=TIERS_BEFORE) as connection:
        yield connection


def test_every_lead_that_moves_is_counted_once_with_its_direction(compared):
    found = {
        (row["tier_before"], row["tier_after"], row["direction"]): row["leads"]
        for row in count_moves(compared)
    }
    assert found == {
        ("sales", "nurture_close", "down"): 1,
        ("aware", "nurture", "up"): 1,
        ("nurture", None, "down"): 1,
        (None, "aware", "up"): 1,
        (None, "sales", "up"): 1,
        ("nurture", "nurture", "held back"): 1,
        ("nurture", "nurture", "let go"): 1,
        ("warm", "nurture_close", "renamed"): 1,
    }
    [b2b] = [row for row in compare_models(compared) if row["model_id"] == "b2b"]
    assert (b2b["moved"], b2b["changed_scores"]) == (8, 4)
    assert (b2b["leads_before"], b2b["leads_after"]) == (8, 8)
    assert (b2b["mean_before"], b2b["mean_after"]) == (35.625, 40.625)


def test_the_csv_holds_every_move_with_the_rule_behind_it(compared, tmp_path):
    write_moves(compared, tmp_path / "moves.csv")
    with (tmp_path / "moves.csv").open() as file:
        rows = {row["lead_id"]: row for row in csv.DictReader(file)}
    assert {lead_id: row["because"] for lead_id, row in rows.items()} == {
        # Not the cap, which is larger, and not the visit, which gave points.
        "down": "open: 12.00 → 0.00 points",
        "up": "level: 20.00 → 27.00 points",
        "gone": "is no longer scored",
        "fresh": "was not scored before",
        "none": "free_mail: -5.00 → 1.00 points",
        "rival": "is excluded now: A rival",
        "freed": "is no longer excluded",
        "old name": "the limits of the tiers have changed",
    }
    assert rows["down"] == {
        "model_id": "b2b",
        "lead_id": "down",
        "tier_before": "sales",
        "tier_after": "nurture_close",
        "score_before": "70.0000",
        "score_after": "60.0000",
        "because": "open: 12.00 → 0.00 points",
        "evidence": "0 × open",
    }
    [down, gone] = find_moved_leads(compared, model_id="b2b", direction="down", limit=5)
    assert (down["lead_id"], gone["lead_id"], gone["score_after"]) == ("down", "gone", None)


def test_rules_are_held_against_each_other_in_sum(compared):
    found = [
        (row["rule_id"], row["leads_before"], row["leads_after"], *map(float, points(row)))
        for row in find_rule_changes(compared, as_of=AS_OF)
    ]
    assert found == [
        ("cap:score", 0, 1, 0, -20),
        ("open", 1, 1, 12, 0),
        ("level", 3, 3, 108, 116),
        ("free_mail", 1, 1, -5, 1),
        ("visit", 0, 1, 0, 3),
    ]


def points(row):
    return row["points_before"], row["points_after"]


def test_the_report_names_models_moves_rules_and_leads(compared):
    text = "\n".join(describe_moves(compared, as_of=AS_OF))
    assert (
        "b2b 1 → 2: of 8 leads, 4 change their score and 8 move; mean score 35.62 → 40.62" in text
    )
    assert "new 1 is new: 1 lead, mean score 7.00" in text
    assert "old 1 is no longer scored: it had 1 lead" in text
    assert "  nurture             → excluded now               1" in text
    assert "  not scored          → sales                      1" in text
    assert "  2 leads would no longer reach their tier\n    down " in text
    assert "  3 leads would newly reach a tier\n    fresh " in text
    assert "sales → nurture_close                 70.00 → 60.00   open: 12.00 → 0.00 points" in text


def test_nothing_changed_moves_nobody(tmp_path):
    before = build_warehouse(tmp_path / "before.duckdb")
    after = build_warehouse(tmp_path / "after.duckdb")
    with compare_scores(before, after, as_of=AS_OF, tiers_before={}) as connection:
        assert count_moves(connection) == find_rule_changes(connection, as_of=AS_OF) == []
        [line] = describe_moves(connection, as_of=AS_OF)
    assert line == "b2b 2026.06: of 400 leads, no score changes"


def write_rules(folder, *, director_points):
    """A rule book of one model with two rules and two tiers, in the shape of the shipped one."""
    copy_rules_without_options(folder)
    common = {"model_id": "m", "reason": "Title", "owner": "ops", "valid_from": "2025-01-01"}
    tiers = [("high", 50), ("low", 0)]
    kept = {
        "models": [{"model_id": "m", "title": "M", "goal": "buys", "role": "champion",
                    "version": "1", "min_score": 0, "max_score": 100}],
        "dimensions": [{"model_id": "m", "dimension": "demographic", "axis": "fit",
                        "min_points": 0, "max_points": 100}],
        "rules_demographic": [
            {**common, "rule_id": level, "attribute": "job_level", "operator": "equals",
             "value": level, "points": points}
            for level, points in [("director", director_points), ("manager", 30)]
        ],
        "tiers": [{"model_id": "m", "tier": tier, "enter_at": at, "leave_below": at,
                   "min_days_in_tier": 0, "stage": tier} for tier, at in tiers],
    }  # fmt: skip
    for file in folder.glob("*.csv"):
        with file.open() as opened:
            columns = next(csv.reader(opened))
        with file.open("w", newline="") as opened:
            writer = csv.DictWriter(opened, columns)
            writer.writeheader()
            writer.writerows(kept.get(file.stem, []))
    return folder


def test_end_to_end_a_changed_weight_moves_exactly_the_leads_that_have_it(tmp_path):
    """Two real dbt builds: about half a minute."""
    rules = write_rules(tmp_path / "rules", director_points=60)
    raw = write_raw(
        tmp_path / "raw",
        {
            "crm.leads": [
                lead("L1", job_title="Director of Sales"),
                lead("L2", job_title="Marketing Manager"),
                lead("L3", job_title="Director"),
                lead("L4"),
            ]
        },
    )
    warehouse = score_raw(raw, tmp_path, rules=rules)
    with open_warehouse(warehouse) as connection:
        write_tiers(connection)
    published = tmp_path / "published"
    publish(warehouse, published, run_id="test", rules=rules, raw=raw)
    checksum = hash_file(warehouse)
    changed = write_rules(tmp_path / "changed", director_points=45)
    settings = load_settings(
        {
            "LEADS_RAW": str(raw),
            "LEADS_RULES": str(changed),
            "LEADS_WAREHOUSE": str(warehouse),
            "LEADS_PUBLISHED": str(published),
        },
        today=date(2026, 7, 9),
    )
    manifest = read_current(published)
    folder = tmp_path / "preview"
    folder.mkdir()
    console = io.StringIO()
    answer = preview.preview(settings, manifest, folder=folder, console=console)
    lines = answer.lines
    assert answer.document["moves_file"] == folder / "moves.csv"
    with (folder / "moves.csv").open() as file:
        moved = [tuple(row.values())[1:7] for row in csv.DictReader(file)]
    because = "director: 60.00 → 45.00 points"
    assert moved == [
        ("L1", "high", "low", "60.0000", "45.0000", because),
        ("L3", "high", "low", "60.0000", "45.0000", because),
    ]
    assert lines[0] == (
        "m 1: of 4 leads, 2 change their score and 2 move; mean score 37.50 → 30.00"
    )
    assert [line.split()[0] for line in console.getvalue().splitlines()] == [
        "dbt", "tiers", "compare",
    ]  # fmt: skip
    assert hash_file(warehouse) == checksum
    assert read_current(published) == manifest


def test_what_stops_dbt_is_said_in_its_sentences_and_no_old_report_is_left(
    tmp_path, monkeypatch, capfd
):
    def stop(*arguments, **options):
        raise ValueError("The rule book cannot work (1 problem(s) found):\n- tiers.csv, row 2")

    rules = write_rules(tmp_path / "rules", director_points=60)
    published = tmp_path / "published"
    publish(build_warehouse(tmp_path / "leads.duckdb"), published, run_id="test", rules=rules)
    folder = PROJECT_ROOT / "build" / "test" / "preview"
    monkeypatch.setattr(printing, "BUILD", folder.parent)
    monkeypatch.setattr("orchestration.lib.asked.scratch.run_dbt", stop)
    monkeypatch.setenv("LEADS_PUBLISHED", str(published))
    monkeypatch.setenv("LEADS_RULES", str(rules))
    monkeypatch.setenv("LEADS_WAREHOUSE", str(tmp_path / "none.duckdb"))
    monkeypatch.delenv("LEADS_RAW", raising=False)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "moves.csv").write_text("old")
    assert main.run(["preview"]) == 1
    captured = capfd.readouterr()
    assert "dbt build" in captured.err and "failed" in captured.err
    assert "What is wrong:\n\n  The rule book cannot work (1 problem(s) found):" in captured.err
    assert "The full log is in build/test/preview/preview.log." in captured.err
    assert not (folder / "moves.csv").exists()


def test_without_a_publication_of_the_same_raw_data_there_is_nothing_to_compare(tmp_path):
    published = tmp_path / "published"
    (tmp_path / "raw").mkdir()
    given = {"LEADS_PUBLISHED": str(published), "LEADS_RAW": str(tmp_path / "raw")}
    settings = load_settings(given, today=AS_OF)
    with pytest.raises(ValueError, match="Nothing is published in .*: `leads run` scores"):
        preview.demand_publication(settings)
    warehouse = build_warehouse(tmp_path / "leads.duckdb")
    publish(warehouse, published, run_id="test", rules=tmp_path)
    with pytest.raises(ValueError, match="made from the generated sample or .*, not from .*/raw:"):
        preview.demand_publication(settings)
    publish(warehouse, published, run_id="test", rules=tmp_path, raw=tmp_path / "raw")
    assert preview.demand_publication(settings) == read_current(published)
