"""What belongs here: what the page of a publication loads as it is asked for: which leads there
are, the rules, and each lead's story. A browser that opens a page from a file reads no other file
but scripts, so these are scripts, each calling a function of the page with JSON.

    page/leads.js         every lead with its account; by model scores, tiers, grades side by side
    page/rules.js         every rule with whom it reaches
    page/stories-<n>.js   the stories of some leads (stories.py)
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.published.stories import (
    NEWEST,
    write_all_stories,
    write_changed_stories,
    write_script,
)

DATA = "page"

# Every lead by its place in the order of ids, and every rule by its place in the list of rules.
# Where a page is made of an earlier one who is there keeps the place, who has come since follows,
# and who is gone leaves it empty: stories of all others stay the files that they are.
PLACES = f"""
create or replace temp table page_leads as
with leads as (
    select lead_id, min(account_id) as account_id, min(owner_id) as owner_id
    from scored_leads
    group by lead_id
)

select
    leads.lead_id,
    leads.account_id,
    leads.owner_id,
    coalesce(
        earlier_leads.place,
        (select count(*) from earlier_leads)
        + row_number() over (partition by earlier_leads.place is null order by leads.lead_id) - 1
    ) as place
from leads
left join earlier_leads using (lead_id)
union all
select null as lead_id, null as account_id, null as owner_id, place
from earlier_leads
where lead_id is null or lead_id not in (select lead_id from leads);

create or replace temp table page_models as
select model_id, row_number() over (order by model_id) - 1 as model_no
from (select distinct model_id from scored_leads);

create or replace temp table page_rules as
with named as (
    select model_id, rule_id, dimension, reason, rule_place from earlier_rules
    union all
    select
        model_id, rule_id, min(dimension) as dimension, min(reason) as reason,
        null as rule_place
    from lead_score_ledger
    where {NEWEST} and {{told}}
        and (model_id, rule_id) not in (select (model_id, rule_id) from earlier_rules)
    group by model_id, rule_id
)

select
    model_id,
    rule_id,
    coalesce(health.dimension, named.dimension) as dimension,
    coalesce(health.reason, named.reason) as reason,
    health.owner,
    health.points,
    health.leads_met,
    health.outcomes_met,
    health.finding_text,
    coalesce(
        named.rule_place,
        (select count(*) from earlier_rules)
        + row_number() over (partition by named.rule_place is null order by model_id, rule_id) - 1
    ) as rule_place
from named
full join rule_health as health using (model_id, rule_id)
"""

LEADS = """
select to_json({
    ids: (select list(lead_id order by place) from page_leads),
    accounts: (select list(account_id order by place) from page_leads),
    owners: (select list(owner_id order by place) from page_leads),
    models: (select list(model_id order by model_no) from page_models),
    tiers: (select list(tier order by tier) from (select distinct tier from scored_leads)),
    rows: (
        select list(columns order by model_no) from (
            select
                places.model_no,
                {
                    place: list(leads.place order by leads.place),
                    score: list(round(scored.score, 1) order by leads.place),
                    tier: list(scored.tier order by leads.place),
                    grade: list(scored.grade order by leads.place),
                    left_out: list(scored.is_excluded::int order by leads.place)
                } as columns
            from scored_leads as scored
            inner join page_leads as leads using (lead_id)
            inner join page_models as places using (model_id)
            group by places.model_no
        )
    )
})
"""

RULES = "select to_json(list(page_rules order by rule_place)) from page_rules"


@dataclass(frozen=True)
class EarlierPage:
    """The `folder` of the publication whose page is taken over, but for the stories of `leads`."""

    folder: Path
    leads: Sequence[str]


def write_page_data(
    connection: duckdb.DuckDBPyConnection, folder: Path, earlier: EarlierPage | None = None
) -> list[str]:
    """Write the files of DATA into the `folder` of the publication that `connection` is open on;
    returns their names. What stays of an `earlier` one is linked."""
    place = folder / DATA
    place.mkdir(exist_ok=True)
    for file in place.glob("*.js"):
        file.unlink()
    told = "lead_id in (from told_leads)" if earlier else "true"
    read_earlier(connection, earlier)
    connection.execute(PLACES.format(told=told))
    for name, query in (("leads", LEADS), ("rules", RULES)):
        (text,) = connection.execute(query).fetchone()
        write_script(place / f"{name}.js", name, json.dumps(text))
    if earlier:
        write_changed_stories(connection, place, earlier.folder / DATA)
    else:
        write_all_stories(connection, place)
    return sorted(file.name for file in place.glob("*.js"))


def read_earlier(connection: duckdb.DuckDBPyConnection, earlier: EarlierPage | None) -> None:
    """Put the places of an earlier page into earlier_leads and earlier_rules, and whose stories are
    told anew into told_leads; without one all are empty."""
    ids: Sequence[str | None] = []
    rules: Sequence[dict[str, Any]] = []
    if earlier:
        ids = read_script(earlier.folder / DATA / "leads.js")["ids"]
        rules = read_script(earlier.folder / DATA / "rules.js")
    connection.execute(
        "create or replace temp table earlier_leads as"
        " select unnest(?::varchar[]) as lead_id, unnest(range(?)) as place",
        [ids, len(ids)],
    )
    named = [[rule[name] for rule in rules] for name in ("model_id", "rule_id")]
    words = [[rule[name] for rule in rules] for name in ("dimension", "reason")]
    connection.execute(
        "create or replace temp table earlier_rules as"
        " select unnest(?::varchar[]) as model_id, unnest(?::varchar[]) as rule_id,"
        " unnest(?::varchar[]) as dimension, unnest(?::varchar[]) as reason,"
        " unnest(range(?)) as rule_place",
        [*named, *words, len(rules)],
    )
    connection.execute(
        "create or replace temp table told_leads as select unnest(?::varchar[]) as lead_id",
        [list(earlier.leads) if earlier else []],
    )


def read_script(file: Path) -> Any:
    """What a script gives the page as one JSON text."""
    text = file.read_text()
    return json.loads(json.loads(text[text.index("(") + 1 : text.rindex(")")]))
