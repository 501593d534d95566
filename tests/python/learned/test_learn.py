"""What belongs here: that a rule book learned from a warehouse's past is one that the project can
score by, to the same points, and that nothing else changes."""

import csv
import io
import random
import shutil
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from dbt_runs import SHIPPED_RULES, activity, lead, query, write_raw

from orchestration.lib.asked.scratch import build
from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.learned import learn as asked
from orchestration.lib.learned.learn import Question, demand_place, find_model, learn, write_folder
from orchestration.lib.learned.rule_books import read_rule_book

MODEL = "b2b_software"
RATES = {"partner": 0.7, "website": 0.25, "list": 0.05}
# No row for every model: one that is tried on the way has the outcome of the model it learns for.
OUTCOMES = "model_id,outcome,value,horizon_days,ends_with,cool_down_days,description\n" + "".join(
    f"{model_id},opportunity,,30,lost,90,Within a month\n"
    for model_id in (MODEL, "automation_line", "automation_line_next")
)


def make_raw(folder):
    """Leads of half a year; those from partners, large companies and with meetings open an
    opportunity within weeks."""
    draw = random.Random(5)
    tables = {"crm.leads": [], "crm.activities": [], "crm.opportunities": []}
    for number in range(900):
        created = date(2025, 12, 1) + timedelta(days=draw.randrange(180))
        source = draw.choice(list(RATES))
        employees = draw.choice([5, 20, 80, 400, 2000])
        has_met = draw.random() < 0.3
        at = f"{created} 08:00:00"
        times = dict.fromkeys(("created_at", "updated_at", "_loaded_at"), at)
        key = f"L{number:04}"
        tables["crm.leads"].append(
            lead(key, email=f"{key}@firm{number}.example", lead_source=source,
                 employee_count=employees, **times)
        )  # fmt: skip
        if has_met:
            met = created + timedelta(days=draw.randrange(20))
            tables["crm.activities"].append(activity(f"A{number}", str(met), key, "meeting"))
        seen = created + timedelta(days=draw.randrange(20))
        tables["crm.activities"].append(activity(f"B{number}", str(seen), key, "webinar_attended"))
        if draw.random() < min(RATES[source] + 0.2 * has_met + 0.1 * (employees > 100), 0.95):
            opened = f"{created + timedelta(days=draw.randrange(10, 60))} 12:00:00"
            if opened < "2026-06-30":
                tables["crm.opportunities"].append(
                    {"opportunity_id": f"O{number}", "lead_id": key, "stage": "proposal",
                     "created_at": opened, "updated_at": opened, "_loaded_at": opened}
                )  # fmt: skip
    return write_raw(folder, tables)


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A rule book that was learned, with what it was learned from."""
    folder = tmp_path_factory.mktemp("learned")
    rules = folder / "rules"
    shutil.copytree(SHIPPED_RULES, rules)
    (rules / "outcomes.csv").write_text(OUTCOMES)
    settings = load_settings(
        {
            "LEADS_RAW": str(make_raw(folder / "raw")),
            "LEADS_WAREHOUSE": str(folder / "leads.duckdb"),
            "LEADS_RULES": str(rules),
            "LEADS_AS_OF": "2026-06-30",
        }
    )
    seen = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asked, "make_report", lambda *a, **k: seen.update(a=a, k=k) or make(*a, **k))
        patch.setattr(
            asked, "compare", lambda h, m, b, **k: seen.update(m=m, b=b) or judge(h, m, b, **k)
        )
        make, judge = make_report, compare
        answer = learn(
            settings,
            Question(model_id=MODEL, since=date(2026, 1, 1)),
            out=folder / "out",
            folder=folder / "work",
            console=io.StringIO(),
        )
    return SimpleNamespace(
        folder=folder, settings=settings, out=folder / "out", answer=answer, matrix=seen["m"],
        book=seen["b"], asked=seen["a"], given=seen["k"],
    )  # fmt: skip


make_report, compare = asked.make_report, asked.compare


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_same_sql_gives_every_lead_the_score_that_was_learned(learned, tmp_path):
    history = learned.asked[0]
    newest = history.days.max().item()
    assert newest >= date.fromisoformat(str(learned.answer.document["valid_from"]))
    settings = replace(
        learned.settings, rules=learned.out, as_of_dates=(newest,), known="then",
        warehouse=tmp_path / "leads.duckdb",
    )  # fmt: skip
    build(settings, tmp_path, io.StringIO(), "--select", "+lead_totals")
    scores = {
        lead_id: float(score)
        for lead_id, score in query(
            settings.warehouse,
            "select lead_id, score from scoring.lead_totals"
            " inner join intermediate.int_lead_numbers using (lead_no)",
        )
    }
    ids = dict(
        query(
            learned.folder / "work" / "leads.duckdb",
            "select lead_no, lead_id from intermediate.int_lead_numbers",
        )
    )
    expected = learned.book.score(learned.matrix.values)
    rows = np.flatnonzero(history.days == np.datetime64(newest))
    assert len(rows) > 300 and len({round(score) for score in scores.values()}) > 5
    # A ledger row has four decimals.
    assert [scores[ids[history.leads[row]]] for row in rows] == pytest.approx(
        expected[rows].tolist(), abs=0.0002 * len(learned.book.points)
    )


def test_what_was_planted_stands_in_the_files_with_reasons(learned):
    rules = {
        (row.get("attribute") or row["activity"], row.get("value", "")): row
        for name in ("demographic", "firmographic", "readiness", "data_quality", "behavioral")
        for row in read(learned.out / f"rules_{name}.csv")
    }
    assert int(rules["lead_source", "partner"]["points"]) > 0
    assert int(rules["lead_source", "list"]["points"]) < 0
    [meeting] = [rules[key] for key in rules if key[0] in ("sales_meeting", "answered_30")]
    assert int(meeting["points"]) > 0
    reason = rules["lead_source", "partner"]["reason"]
    assert reason.startswith("Lead source is partner: ") and " opened an opportunity, " in reason
    assert {row["valid_from"] for row in rules.values()} == {
        str(learned.answer.document["valid_from"])
    }
    assert len(rules) == learned.answer.document["rules"] <= 25
    [model] = read(learned.out / "models.csv")
    assert (model["model_id"], model["role"]) == (f"{MODEL}_learned", "challenger")
    ladder = read(learned.out / "tiers.csv")
    tiers = [int(row["enter_at"]) for row in ladder]
    assert tiers == sorted(set(tiers), reverse=True) and tiers[-1] == int(model["min_score"])
    # A tier with twice as many outcomes as usual hands over, and each stands for a stage of the
    # book written by hand.
    assert {row["tier"]: (row["hands_over"], row["stage"]) for row in ladder}.items() <= {
        "call_first": ("true", "purchase"),
        "call": ("true", "consideration"),
        "nurture": ("false", "consideration"),
        "wait": ("false", "unaware"),
    }.items()
    assert {row["stage"] for row in ladder} <= {
        row["stage"] for row in read(learned.out / "stages.csv")
    }
    [outcome] = read(learned.out / "outcomes.csv")
    assert (outcome["outcome"], outcome["horizon_days"]) == ("opportunity", "30")


def test_the_folder_says_how_good_it_is_and_what_was_not_asked(learned):
    readme = (learned.out / "README.md").read_text()
    for row in learned.answer.document["comparison"]:
        assert f"{row['name']:<38}{row['auc']:>6.3f}" in readme
    assert learned.answer.document["comparison"][0]["auc"] > 0.7
    assert "- changes with the outcome" in readme and "owner_id" in readme


def test_the_same_past_gives_the_same_folder_byte_for_byte(learned, tmp_path):
    report = make_report(*learned.asked, **learned.given)
    old, model, outcome = (learned.given[name] for name in ("old", "model", "outcome"))
    write_folder(tmp_path / "again", report, old=old, model=model, outcome=outcome)
    files = {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    assert files == {path.name: path.read_bytes() for path in learned.out.iterdir()}
    other = make_report(
        learned.asked[0], learned.asked[1], replace(learned.asked[2], rules_at_most=2),
        **learned.given,
    )  # fmt: skip
    assert len(other.rules) <= 2 < len(report.rules)


def test_nothing_but_the_folder_changes(learned):
    assert not learned.settings.warehouse.exists()
    assert sorted(path.name for path in learned.folder.iterdir() if path.is_dir()) == [
        "out", "raw", "rules", "work",
    ]  # fmt: skip
    with pytest.raises(WrongUse, match="where something lies that was not learned"):
        demand_place(learned.settings.rules)
    demand_place(learned.out)
    demand_place(learned.folder / "new")


def test_which_model_is_meant_is_said_or_asked():
    old = read_rule_book(SHIPPED_RULES, project=SHIPPED_RULES.parents[1])
    assert find_model(old, MODEL)["model_id"] == MODEL
    with pytest.raises(WrongUse, match="There is no model 'b2b' in the rule book; there are: "):
        find_model(old, "b2b")
    with pytest.raises(WrongUse, match="Say which model: leads learn <model> --out <folder>"):
        find_model(old, "")
