"""What belongs here: that the gate refuses what is planted in a rule book, lets an unchanged one
pass, and that who forces it stands in the publication."""

import csv
import io
import shutil
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dbt_runs import copy_rules_without_options, lead, score_raw, write_raw
from fake_warehouse import AS_OF, build_warehouse
from sklearn.metrics import roc_auc_score

from orchestration.cli import main, printing
from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import PROJECT_ROOT, load_settings
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.decided.acceptances import (
    Passage,
    Refusal,
    accept,
    list_refusals,
    note_passages,
    note_refusals,
)
from orchestration.lib.decided.tiers import write_tiers
from orchestration.lib.learned import gate as gates
from orchestration.lib.learned.gate import Gate, find_live_rules, hold_to_gate
from orchestration.lib.learned.gate_moves import Model, Side
from orchestration.lib.learned.gate_verdicts import judge_model
from orchestration.lib.learned.gate_words import answer_gate, write_markdown
from orchestration.lib.learned.metrics import draw_ranking
from orchestration.lib.learned.paired import compare_pair, count_side
from orchestration.lib.learned.standing import find_last_start, write_standing
from orchestration.lib.published.publication import hash_file, publish, read_current

SHIPPED = PROJECT_ROOT / "seeds" / "rules"

CONDITIONS = {
    row["condition"]: float(row["limit"])
    for row in csv.DictReader((SHIPPED / "gate.csv").read_text().splitlines())
}

TIERS = [
    {"model_id": "m", "tier": "sales", "hands_over": True},
    {"model_id": "m", "tier": "nurture", "hands_over": False},
]
SIDE = Side({"m": ""}, TIERS, [])


def stay(*, sales=40, nurture=360):
    """A matrix in which nobody moves."""
    return [make_cell("sales", "sales", sales), make_cell("nurture", "nurture", nurture)]


def make_cell(before, after, leads):
    return {
        "tier_before": before, "tier_after": after, "was_scored": True, "is_scored": True,
        "was_handed_over": before == "sales", "is_handed_over": after == "sales", "leads": leads,
    }  # fmt: skip


def make_past(rows=1200, *, seed=1, noise_after=0.0, sign=1.0, threshold=60.0, scale=1.0):
    """Leads of past days, of which the higher scores more often have their outcome; after, the
    scores are `scale` times as high, turned round by a `sign` of -1, and more or less noise."""
    random = np.random.default_rng(seed)
    score = random.uniform(0, 100, rows)
    after = sign * (score - 50) * scale + 50 + noise_after * random.normal(0, 25, rows)
    return pd.DataFrame({
        "as_of_date": date(2026, 3, 31),
        "lead_id": [f"L{n}" for n in range(rows)],
        "lead_group": np.arange(rows) % 100,
        "score_before": score,
        "score_after": after,
        "was_handed_over": score >= 60,
        "is_handed_over": after >= threshold,
        "has_next_outcome": random.uniform(size=rows) < score / 300,
        "is_won": False,
    }).assign(is_won=lambda rows: rows["has_next_outcome"])  # fmt: skip


def judge(*, matrix=None, past=None, before="m", sides=(SIDE, SIDE), conditions=CONDITIONS):
    """The verdicts other than ok, by what they are about."""
    paired = compare_pair(make_past() if past is None else past)
    model = Model(before, "m", ["sales", "nurture"], matrix or stay(), [], [], paired, [])
    found = judge_model(model, sides, conditions, as_of=AS_OF, accepted={})
    return {row.measured.measure: row.verdict for row in found if row.verdict != "ok"}


def test_an_unchanged_rule_book_passes_every_condition():
    assert judge() == {}


FAULTS = {
    "a tier of no leads": (
        {"matrix": [make_cell("sales", "nurture", 40), make_cell("nurture", "nurture", 360)]},
        {"tier_leads.sales"},
    ),
    "points of the main rules negated": (
        {"past": make_past(sign=-1.0)}, {"auc_share", "won_lost_share"},
    ),
    "noise in place of a third of the score": (
        {"past": make_past(noise_after=1.0, threshold=40)}, {"auc_share"},
    ),
    # 96.7 % of the live one's, and 92.4 % at the low end.
    "a rank that only chance may have lifted so far": (
        {"past": make_past(500, seed=2, noise_after=0.7, threshold=55)}, {"auc_share"},
    ),
    "won deals lost, though it ranks as before": (
        {"past": make_past(threshold=75.0)}, {"won_lost_share"},
    ),
    "a threshold that half of all leads reach": (
        {"matrix": [make_cell("sales", "sales", 40), make_cell("nurture", "sales", 180),
                    make_cell("nurture", "nurture", 180)]},
        {"moved_share", "handing_over_share"},
    ),
    "more leads than places": (
        {"sides": (SIDE, Side({"m": ""}, TIERS, [
            {"model_id": "m", "tier": "sales", "capacity": 20, "leads": 20, "turned_away": 11}
        ]))},
        {"over_capacity_share.sales"},
    ),
    "too few leads": ({"past": make_past(90)}, {"backtest_leads", "backtest_outcomes"}),
    "no past at all": ({"past": make_past(0)}, {"backtest_leads", "backtest_outcomes"}),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_refused_by_its_own_conditions_alone(fault):
    given, refused = FAULTS[fault]
    assert judge(**given) == dict.fromkeys(refused, "block")


def test_a_condition_without_a_row_and_a_model_without_a_past_judge_nothing():
    negated = make_past(sign=-1.0)
    without = {name: limit for name, limit in CONDITIONS.items() if name != "auc_share"}
    assert judge(past=negated, conditions=without) == {"won_lost_share": "block"}
    model = Model(None, "m", [], [make_cell(None, "sales", 300)], [], [], None, [])
    assert judge_model(model, (SIDE, SIDE), CONDITIONS, as_of=AS_OF, accepted={}) == []


def test_small_tables_are_not_judged_by_moves():
    half = [make_cell("sales", "nurture", 8), make_cell("nurture", "sales", 8)]
    assert judge(matrix=half) == {}
    assert set(judge(matrix=[{**cell, "leads": 80} for cell in half])) == {"moved_share"}


def test_past_days_are_compared_by_scikit_learn_and_drawn_alike():
    rows = make_past(noise_after=0.4, threshold=55)
    found = compare_pair(rows)
    came = rows["has_next_outcome"]
    aucs = [roc_auc_score(came, rows[f"score_{side}"]) for side in ("before", "after")]
    assert (found.auc_before, found.auc_after) == pytest.approx(aucs, abs=1e-12)
    assert found.difference.value == pytest.approx(aucs[1] - aucs[0], abs=1e-12)
    assert found.difference.low < found.difference.value < found.difference.high
    # Each on its own varies by more than twice as much as the difference of both.
    low, high = draw_ranking(count_side(rows, "score_after"))["auc"]
    assert 2 * (found.difference.high - found.difference.low) < high - low
    handed, still = rows["was_handed_over"], rows["is_handed_over"]
    assert (found.won, found.lost, found.found) == (
        (came & handed).sum(), (came & handed & ~still).sum(), (came & ~handed & still).sum(),
    )  # fmt: skip
    assert found.lost > 0 and found.found > 0
    assert found.handed_over_after.value == pytest.approx(came[still].mean())
    same = compare_pair(rows.assign(score_after=rows["score_before"]))
    assert (same.difference.low, same.difference.value, same.difference.high) == (0, 0, 0)


def test_a_lead_is_lost_where_none_of_its_days_hands_it_over():
    days = make_past(2).assign(
        lead_id="L1", was_handed_over=[True, True], is_handed_over=[False, True], is_won=True
    )
    assert (compare_pair(days).won, compare_pair(days).lost) == (1, 0)
    days["is_handed_over"] = False
    assert (compare_pair(days).won, compare_pair(days).lost) == (1, 1)


def test_a_rule_book_counts_as_it_stands_and_its_rows_keep_their_place(tmp_path):
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "rules_readiness.csv").write_text(
        "\ufeffmodel_id;rule_id;points;valid_from;valid_to\n"
        "m;budget;5;2025-01-01;2026-05-01\nm;budget;7;2026-05-01;2026-08-01\n"
        "m;budget;9;2026-08-01;\nm;need;3;soon;\n\n",
        encoding="utf-8",
    )
    (rules / "tiers.csv").write_text("model_id,tier\nm,sales\n")
    assert find_last_start(rules) == date(2026, 8, 1)

    def read(day):
        folder = write_standing(rules, tmp_path / "standing", day=day)
        with (folder / "rules_readiness.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["points"] for row in rows] == ["5", "7", "9", "3"]
        assert rows[3]["valid_from"] == "soon"
        # None overlaps another, as a rule book demands.
        periods = sorted((row["valid_from"], row["valid_to"]) for row in rows[:3])
        assert all(first[1] <= second[0] for first, second in pairwise(periods))
        return [row["points"] for row in rows if row["valid_from"] == "1900-01-01"]

    assert read(date(2026, 4, 30)) == ["5"]
    assert read(date(2026, 6, 30)) == ["7"]
    assert read(date(2026, 8, 1)) == ["9"]
    assert (tmp_path / "standing" / "tiers.csv").read_text() == "model_id,tier\nm,sales\n"


def make_gate(*verdicts):
    """What the gate found of a model with these verdicts of its conditions."""
    past = compare_pair(make_past(sign=-1.0))
    cells = [make_cell("sales", "nurture", 40), make_cell("nurture", "nurture", 360)]
    mover = {"direction": "down", "lead_id": "L1", "tier_before": "sales", "tier_after": None,
             "score_before": 70.0, "score_after": None, "because": "a|b: 9 → 1 points"}  # fmt: skip
    model = Model("old", "m", ["sales", "nurture"], cells, [], [mover], past, [])
    judged = judge_model(model, (SIDE, SIDE), CONDITIONS, as_of=AS_OF, accepted={})
    kept = [row for row in judged if row.verdict in verdicts]
    model = Model(*list(vars(model).values())[:-1], kept)
    return Gate(Path("rules"), "P1", AS_OF, AS_OF, (AS_OF,), False, [model], [], Path("moves.csv"))


def test_the_report_says_what_is_refused_and_stands_in_a_pull_request():
    gate = make_gate("ok", "block")
    text = "\n".join(answer_gate(gate).lines)
    assert "m in place of old\n  in tiers that hand over: 40 → 0 leads, 0 of them newly" in text
    assert "The gate refuses rules: 3 of 8 conditions not met." in text
    assert (
        "  REFUSED: m, number of leads in the tier sales: 0, usually about 40 (at least 1)" in text
    )
    markdown = write_markdown(gate)
    assert markdown.startswith("## Gate: refused\n")
    assert "|  | nurture |\n| --- | --- |\n| sales | 40 |\n| nurture | 360 |\n" in markdown
    assert "| L1 | sales | – | 70.00 → – | a\\|b: 9 → 1 points |" in markdown
    assert "| tier\\_leads.sales | 0 | at least 1 | not met |" in markdown
    assert write_markdown(make_gate("ok")).startswith("## Gate: passed\n")


@pytest.mark.parametrize(("verdicts", "code"), [(("ok",), 0), (("ok", "block"), 3)])
def test_the_command_refuses_with_its_exit_code_and_writes_markdown(
    tmp_path, monkeypatch, capfd, verdicts, code
):
    published = tmp_path / "published"
    rules = Path(shutil.copytree(SHIPPED, tmp_path / "rules"))
    publish(build_warehouse(tmp_path / "leads.duckdb"), published, run_id="test", rules=rules)
    monkeypatch.setattr(printing, "BUILD", PROJECT_ROOT / "build" / "test")
    monkeypatch.setattr(gates, "hold_to_gate", lambda *_, **__: make_gate(*verdicts))
    monkeypatch.setenv("LEADS_PUBLISHED", str(published))
    monkeypatch.setenv("LEADS_WAREHOUSE", str(tmp_path / "leads.duckdb"))
    monkeypatch.delenv("LEADS_RAW", raising=False)
    command = ["gate", "--rules", str(rules), "--markdown", str(tmp_path / "gate.md")]
    assert main.run(command) == code
    assert (tmp_path / "gate.md").read_text() == write_markdown(make_gate(*verdicts))
    assert "The gate " in capfd.readouterr().out
    assert main.run([*command[:-1], "-"]) == code
    assert capfd.readouterr().out == write_markdown(make_gate(*verdicts)) + "\n"
    assert main.run([*command, "--by", "Ada"]) == 2
    assert "Say who accepts it and why" in capfd.readouterr().err


def test_what_the_gate_found_stands_in_the_manifest_of_its_rule_book_alone(tmp_path):
    warehouse = build_warehouse(tmp_path / "leads.duckdb")
    rules = Path(shutil.copytree(SHIPPED, tmp_path / "rules"))
    published = tmp_path / "published"

    def run():
        return publish(warehouse, published, run_id="test", rules=rules)["rule_book"]["gate"]

    assert run() == []
    health = Refusal("web.events.rows", "block", 3, True, "Too few.")
    note_refusals(warehouse, [health])
    refusal = Refusal("b2b.auc_share", "block", 0.8, True, "Worse.")
    passage = Passage(
        hash_rules(rules), "b2b.auc_share", 0.8, True, "block", None, None, "2026-06-30T08:00:00"
    )
    note_passages(warehouse, [passage], [refusal])
    # What the last run has refused can still be accepted.
    assert list_refusals(warehouse) == [health, refusal]
    [found] = run()
    assert (found["what"], found["verdict"], found["by"]) == ("b2b.auc_share", "block", None)
    accept(warehouse, what="b2b.auc_share", by="Ada", because="new market", at=datetime.now(UTC))
    [found] = run()
    assert (found["verdict"], found["by"], found["because"]) == ("accepted", "Ada", "new market")
    (rules / "tiers.csv").write_text((rules / "tiers.csv").read_text() + "\n")
    assert run() == []


def test_a_publication_keeps_its_rule_book_but_for_whom_it_excludes(tmp_path):
    rules = Path(shutil.copytree(SHIPPED, tmp_path / "rules"))
    published = tmp_path / "published"
    warehouse = build_warehouse(tmp_path / "leads.duckdb")
    manifest = publish(warehouse, published, run_id="test", rules=rules)
    kept = {path.name: hash_file(path) for path in (published / "current" / "rules").iterdir()}
    there = {path.name: hash_file(path) for path in rules.glob("*.csv")}
    assert set(there) - set(kept) == {"exclusions.csv"}
    assert kept.items() <= there.items()
    assert manifest["files"]["rules/tiers.csv"] == kept["tiers.csv"]
    folder = published / "versions" / manifest["publication_id"]
    live = find_live_rules(folder, rules, tmp_path, day=AS_OF)
    # Whom it excludes comes from the rule book that is held to the gate.
    assert {path.name for path in live.iterdir()} == set(there)
    with pytest.raises(WrongUse, match="is from before publications kept their rule book"):
        find_live_rules(tmp_path / "none", rules, tmp_path, day=AS_OF)


MODELS = ("same", "worse")


def write_rules(folder, *, points):
    """A rule book of two models, whose directors get `points` by model."""
    copy_rules_without_options(folder)
    common = {"reason": "Title", "owner": "ops"}
    kept = {
        "models": [{"model_id": model, "title": model, "goal": "buys", "role": "champion",
                    "product": product, "version": "1", "min_score": 0, "max_score": 100}
                   for model, product in zip(MODELS, ("", "crm"), strict=True)],
        "dimensions": [{"model_id": model, "dimension": "demographic", "axis": "fit",
                        "min_points": 0, "max_points": 100} for model in MODELS],
        "rules_demographic": [
            {**common, "model_id": model, "rule_id": level, "attribute": "job_level",
             "operator": "equals", "value": level, "points": worth,
             # Later than the past day, which is scored by them all the same.
             "valid_from": "2026-06-29"}
            for model in MODELS
            for level, worth in [("director", points[model]), ("manager", 30)]
        ],
        "tiers": [{"model_id": model, "tier": tier, "enter_at": at, "leave_below": at,
                   "min_days_in_tier": 0, "stage": tier, "hands_over": hands_over}
                  for model in MODELS
                  for tier, at, hands_over in [("high", 50, "true"), ("low", 0, "false")]],
    }  # fmt: skip
    for file in folder.glob("*.csv"):
        with file.open() as opened:
            columns = next(csv.reader(opened))
        if file.stem == "tiers":
            columns = list(dict.fromkeys([*columns, "hands_over"]))
        with file.open("w", newline="") as opened:
            writer = csv.DictWriter(opened, columns)
            writer.writeheader()
            writer.writerows(kept.get(file.stem, []))
    (folder / "outcomes.csv").write_text(
        "model_id,outcome,value,horizon_days,ends_with,cool_down_days,description\n"
        ",opportunity,,30,none,,Within a month\n"
    )
    (folder / "gate.csv").write_text(
        "model_id,condition,limit,description\n"
        + "".join(
            f",{condition},{limit},So\n"
            for condition, limit in {**CONDITIONS, "least_leads": 20, "least_outcomes": 5}.items()
        )
    )
    return folder


def make_raw():
    """Thirty directors, of whom twenty open an opportunity, and as many managers, of whom three."""
    leads, opportunities = [], []
    for n in range(60):
        is_director = n < 30
        title = "Director of Sales" if is_director else "Marketing Manager"
        leads.append(lead(f"L{n:02}", email=f"p{n}@acme{n}.example", job_title=title))
        if n < 20 or 30 <= n < 33:
            times = dict.fromkeys(("created_at", "updated_at", "_loaded_at"), "2026-05-15 12:00:00")
            opportunities.append({"opportunity_id": f"O{n}", "lead_id": f"L{n:02}",
                                  "product": "crm", "stage": "proposal", **times})  # fmt: skip
    return {"crm.leads": leads, "crm.opportunities": opportunities}


def test_end_to_end_a_worse_model_is_refused_the_same_one_passes_and_force_has_a_name(tmp_path):
    """Five real dbt builds: most of a minute."""
    rules = write_rules(tmp_path / "rules", points={"same": 60, "worse": 60})
    raw = write_raw(tmp_path / "raw", make_raw())
    warehouse = score_raw(raw, tmp_path, rules=rules)
    with open_warehouse(warehouse) as connection:
        write_tiers(connection)
    published = tmp_path / "published"
    publish(warehouse, published, run_id="test", rules=rules, raw=raw)
    checksum = hash_file(warehouse)
    changed = write_rules(tmp_path / "changed", points={"same": 60, "worse": 10})
    settings = load_settings(
        {
            "LEADS_RAW": str(raw),
            "LEADS_RULES": str(changed),
            "LEADS_WAREHOUSE": str(warehouse),
            "LEADS_PUBLISHED": str(published),
        },
        today=AS_OF + timedelta(days=9),
    )
    gate = hold_to_gate(
        settings,
        read_current(published),
        days="2026-04-30",
        by="Ada",
        because="another market",
        folder=tmp_path / "gate",
        console=io.StringIO(),
    )
    same, worse = gate.models
    assert {row.verdict for row in same.judged} == {"ok"}
    assert (same.past.leads, same.past.outcomes) == (60, 23)
    assert (same.past.won, same.past.lost) == (20, 0)
    assert {row.measured.what: row.accepted_by for row in worse.judged if row.verdict != "ok"} == {
        f"worse.{name}": "Ada"
        for name in ("moved_share", "tier_leads.high", "auc_share", "won_lost_share")
    }
    assert not gate.is_refused
    assert worse.past.auc_before == pytest.approx(1 - worse.past.auc_after)
    assert (worse.past.won, worse.past.lost) == (20, 20)
    assert worse.movers[0]["because"] == "director: 60.00 → 10.00 points"
    # Nothing has changed but what the next publication of this rule book tells.
    assert hash_file(warehouse) == checksum
    told = publish(warehouse, published, run_id="test", rules=changed, raw=raw)
    found = {row["what"]: (row["by"], row["because"]) for row in told["rule_book"]["gate"]}
    assert found["worse.auc_share"] == ("Ada", "another market")
    assert found["same.auc_share"] == (None, None)
