"""Laws of time: a warehouse that grew day by day equals one built from scratch, and a day that is
replayed with what was known then is what it was. Tried on random histories."""

from __future__ import annotations

import random
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from dbt_runs import (
    SHIPPED_RULES,
    choose_models,
    list_changed_seeds,
    query,
    run_dbt,
    score_raw,
    write_raw,
)
from hypothesis import strategies as st
from test_laws import MARTS, campaigns, draw, put_side_by_side, read_marts, worlds

# Not of one day: what could not be used, whenever it loaded.
TIMELESS = ("quarantine",)

campaign_versions = st.lists(
    st.builds(
        lambda campaign_id, topic, loaded: {
            "campaign_id": campaign_id,
            "campaign_name": campaign_id,
            "topic": topic,
            "_loaded_at": f"{loaded} 00:00:00",
        },
        st.sampled_from(["m1", "m2"]),
        st.sampled_from(["product", "company", "industry"]),
        st.dates(date(2026, 1, 1), date(2026, 6, 30)).map(str),
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def changed_rules(tmp_path_factory) -> Path:
    """The shipped rule book with other points, another activity and a type of event more."""
    rules = tmp_path_factory.mktemp("rulebook") / "rules"
    shutil.copytree(SHIPPED_RULES, rules)
    activities = rules / "activities.csv"
    text = activities.read_text()
    assert "careers_page_view,web,page_view,url_path,starts_with,/careers" in text
    activities.write_text(
        text.replace("starts_with,/careers", "starts_with,/blog")
        + "careers_page_view,email,bounce,,,\n"
    )
    behavioral = rules / "rules_behavioral.csv"
    behavioral.write_text(behavioral.read_text().replace(",exponential,14,", ",linear,30,"))
    return rules


@pytest.fixture(scope="module")
def histories():
    """Random worlds with campaigns that change and more visitors, of whom few give an address."""
    drawn = draw(st.tuples(worlds, campaign_versions, st.integers(0, 1000)), 7)
    return [
        {**name_few(world, random.Random(seed)), "email.campaigns": [*campaigns, *versions]}
        for world, versions, seed in drawn
    ]


def run_on(
    folder: Path, world, *, as_of: str, rules: Path, is_new_book: bool = False, marts=MARTS
) -> None:
    """Score a world in the warehouse of `folder`, in place of the raw rows that were there; the
    rule book is read where it is another one than before."""
    raw = folder / "raw"
    # Without notes of what has been read all would be read anew, and nothing be tested here.
    noted = "select count(*) from intermediate.event_tables_read"
    assert query(folder / "leads.duckdb", noted) != [(0,)]
    shutil.rmtree(raw)
    write_raw(raw, world)
    outcome = run_dbt(
        *(["build", "--select", *list_changed_seeds(rules), "resource_type:model"]
          + ["--exclude-resource-type", "unit_test", "test"] if is_new_book
          else ["run", *choose_models(marts)]),
        raw=raw, warehouse=folder / "leads.duckdb", rules=rules, as_of=as_of,
    )  # fmt: skip
    assert outcome.success, outcome.errors


def score_from_scratch(
    folder: Path, world, *, as_of: str, rules: Path = SHIPPED_RULES, marts=MARTS, **settings
):
    """Some marts of a world in a warehouse of its own, in `folder`."""
    raw = write_raw(folder / "raw", world)
    warehouse = score_raw(raw, folder, rules=rules, as_of=as_of, models=marts, **settings)
    return read_marts(warehouse, marts)


def name_few(world, chance: random.Random):
    """The world with more visitors, of which few give an address, and late."""
    events = [
        {
            **row,
            "visitor_id": f"v{chance.randrange(12)}",
            "email": row["email"] if chance.random() < 0.2 else None,
        }
        for row in world["web.events"]
    ]
    return {**world, "web.events": events}


def deal_rows(world, chance: random.Random, parts: int):
    """The worlds that `parts` runs see, each holding the rows of the one before and some more."""
    dealt = {
        table: [(chance.randrange(parts), row) for row in rows] for table, rows in world.items()
    }
    return [
        {
            table: [row for part, row in rows if part <= number] or [rows[0][1]]
            for table, rows in dealt.items()
        }
        for number in range(parts)
    ]


# Alone, on most days little happens, so that nothing but what loads late has its day folded again;
# many side by side try more.
@pytest.mark.parametrize("chosen", [slice(0, 1), slice(1, 2), slice(2, 7)], ids=["1", "1", "5"])
def test_grown_in_any_split_into_runs_the_warehouse_equals_one_built_from_scratch(
    histories, chosen, changed_rules, tmp_path
):
    """Whatever loads with whichever run: new and late events, repeats, names, changed leads,
    another rule book on the way, a day that lies back."""
    chance = random.Random(chosen.start)
    world = put_side_by_side(histories[chosen])
    repeated = {
        table: [
            *rows,
            *(
                {**row, "_loaded_at": shift(row["_loaded_at"], chance.choice([0, 0, 3, 20]))}
                for row in chance.choices(rows, k=len(rows) // 4)
            ),
        ]
        for table, rows in world.items()
    }
    seen = deal_rows(repeated, chance, 4)
    grown = tmp_path / "grown"
    score_from_scratch(grown, seen[0], as_of="2026-05-01")
    # Another rule book may fold everything anew, which is not to hide what the runs after it do.
    run_on(grown, seen[1], as_of="2026-06-28", rules=changed_rules, is_new_book=True)
    run_on(grown, seen[2], as_of="2026-06-15", rules=changed_rules)
    run_on(grown, seen[3], as_of="2026-06-30", rules=changed_rules)
    marts = read_marts(grown / "leads.duckdb")
    fresh = score_from_scratch(tmp_path / "fresh", seen[3], as_of="2026-06-30", rules=changed_rules)
    for mart in fresh:
        assert marts[mart] == fresh[mart], mart


def test_a_full_refresh_reads_what_a_first_run_reads(histories, tmp_path):
    """It names no days, and takes the same, with what cannot be used."""
    world = put_side_by_side(histories)
    for table in ("web.events", "email.events", "crm.activities"):
        row = world[table][0]
        key = "activity_id" if table == "crm.activities" else "event_id"
        world[table] += [
            {**row, key: f"{table}-{at}", "occurred_at": at}
            for at in ("soon", "2999-01-01 00:00:00", "1969-12-31 00:00:00", "2015-01-01 00:00:00")
        ]
    first = score_from_scratch(tmp_path, world, as_of="2026-06-30")
    assert len(first["quarantine"]) >= 9
    warehouse = tmp_path / "leads.duckdb"
    outcome = run_dbt(
        "run", "--full-refresh", *choose_models(MARTS), raw=tmp_path / "raw", warehouse=warehouse,
        as_of="2026-06-30",
    )  # fmt: skip
    assert outcome.success, outcome.errors
    assert read_marts(warehouse) == first


def test_a_day_replayed_with_what_was_known_then_never_changes(histories, tmp_path):
    """Scored on the day from the rows that had loaded; replayed after everything has."""
    chance = random.Random(2)
    late = {
        table: [
            {**row, "_loaded_at": shift(row["_loaded_at"], chance.choice([0, 0, 3, 20, 60]))}
            for row in rows
        ]
        for table, rows in put_side_by_side(histories).items()
    }
    days = ["2026-04-15", "2026-06-01"]
    then = [
        score_from_scratch(
            tmp_path / day,
            {
                table: [row for row in rows if row["_loaded_at"][:10] <= day] or rows[:1]
                for table, rows in late.items()
            },
            as_of=day,
            known="then",
        )
        for day in days
    ]
    replayed = score_from_scratch(tmp_path / "replayed", late, as_of=",".join(days), known="then")
    for mart in set(replayed) - {*TIMELESS, "scored_leads"}:
        rows = sorted(row for marts in then for row in marts[mart])
        assert sorted(replayed[mart]) == rows, mart


def test_several_days_in_one_pass_are_what_each_is_alone(histories, tmp_path):
    world = put_side_by_side(histories)
    # A price rule and others change on the first of March.
    days = ["2026-02-28", "2026-03-01", "2026-06-30"]
    together = score_from_scratch(
        tmp_path / "together", world, as_of="2026-02-28..2026-03-01,2026-06-30"
    )
    alone = [score_from_scratch(tmp_path / day, world, as_of=day) for day in days]
    for mart in set(together) - {*TIMELESS, "scored_leads"}:
        rows = sorted(row for marts in alone for row in marts[mart])
        assert sorted(together[mart]) == rows, mart
    assert together["scored_leads"] == alone[-1]["scored_leads"]


def shift(moment: str, days: int) -> str:
    """A time of day, so many days later; never after the last day."""
    day = min(date.fromisoformat(moment[:10]) + timedelta(days=days), date(2026, 6, 30))
    return f"{day}{moment[10:] or ' 00:00:00'}"
