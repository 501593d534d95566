"""What belongs here: whom a change moves. Two scorings of the same day, the published one and one
by the changed rule book, held against each other: as rows and in words.

Only models that both have are compared lead by lead; their moves are the leads whose tier differs,
or whether they may be handed over.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.progress import count_things
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.rows import fetch_rows
from orchestration.lib.published.publication import Manifest

RULE_LINES = 8
MOVE_LINES = 8

# What a lead was and would be, per side; the ledger stays where it is, for it is large.
SIDE = """
create temp table {side}_leads as
select model_id, lead_id, score, tier, is_excluded, exclusion_reason, model_version
from {side}.main.lead_scores
left join {side}.main.lead_tiers using (as_of_date, model_id, lead_id)
where as_of_date = $as_of;
"""

# A tier has one place on both sides: that in the new rule book, else the one it had.
# Below all of them is who has no tier, or is not scored.
MOVES = """
create temp table moves as
with paired as (
    select
        model_id,
        lead_id,
        before_leads.tier as tier_before,
        after_leads.tier as tier_after,
        before_leads.score as score_before,
        after_leads.score as score_after,
        before_leads.score is not null as was_scored,
        after_leads.score is not null as is_scored,
        coalesce(before_leads.is_excluded, false) as was_excluded,
        coalesce(after_leads.is_excluded, false) as is_excluded,
        after_leads.exclusion_reason
    from before_leads
    full join after_leads using (model_id, lead_id)
    where model_id in (select model_id from compared_models)
)

select
    paired.*,
    case
        when coalesce(places_after.place, '-inf') < coalesce(places_before.place, '-inf')
            then 'down'
        when coalesce(places_after.place, '-inf') > coalesce(places_before.place, '-inf')
            then 'up'
        when is_excluded and not was_excluded then 'held back'
        when was_excluded and not is_excluded then 'let go'
        else 'renamed'
    end as direction
from paired
left join tier_places as places_before
    on paired.model_id = places_before.model_id and paired.tier_before = places_before.tier
left join tier_places as places_after
    on paired.model_id = places_after.model_id and paired.tier_after = places_after.tier
where tier_before is distinct from tier_after
    or was_scored <> is_scored
    or was_excluded <> is_excluded;
"""

# The rule that speaks most for where the score went; a cap only where no rule does.
BECAUSE = """
create temp table reasons as
with ledgers as (
    select
        model_id, lead_id, rule_id, points as points_before, 0 as points_after, evidence,
        0 as is_new
    from before.main.lead_score_ledger
    where as_of_date = $as_of and (model_id, lead_id) in (select (model_id, lead_id) from moves)
    union all
    select model_id, lead_id, rule_id, 0, points, evidence, 1
    from after.main.lead_score_ledger
    where as_of_date = $as_of and (model_id, lead_id) in (select (model_id, lead_id) from moves)
),

differences as (
    select
        model_id,
        lead_id,
        rule_id,
        sum(points_before) as points_before,
        sum(points_after) as points_after,
        max_by(evidence, is_new) as evidence
    from ledgers
    group by all
    having sum(points_before) <> sum(points_after)
)

select
    model_id,
    lead_id,
    rule_id,
    cast(points_before as double) as points_before,
    cast(points_after as double) as points_after,
    evidence
from differences
inner join moves using (model_id, lead_id)
qualify 1 = row_number() over (
    partition by model_id, lead_id
    order by
        rule_id like 'cap:%',
        (points_after - points_before) * coalesce(score_after - score_before, 0) > 0 desc,
        abs(points_after - points_before) desc,
        rule_id
);
"""

EXPLAINED_MOVES = """
create temp view explained_moves as
select
    moves.*,
    case
        when not was_scored then 'was not scored before'
        when not is_scored then 'is no longer scored'
        when is_excluded and not was_excluded then 'is excluded now: ' || exclusion_reason
        when was_excluded and not is_excluded then 'is no longer excluded'
        when rule_id is null then 'the limits of the tiers have changed'
        else format('{}: {:.2f} → {:.2f} points', rule_id, points_before, points_after)
    end as because,
    reasons.evidence
from moves
left join reasons using (model_id, lead_id);
"""


@contextmanager
def compare_scores(
    before: Path, after: Path, *, as_of: date, tiers_before: dict[str, list[dict[str, Any]]]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has compared the scores of `as_of` in the published DuckDB file `before`
    with those in the warehouse `after`; the other functions here ask it.

    `tiers_before`: per model its tiers with tier and enter_at, as a manifest holds them. What it
    keeps is a row per lead and model and those of the ledger for leads that move; DuckDB writes
    to disk what memory cannot hold.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach {quote(before)} as before (read_only)")
        connection.execute(f"attach {quote(after)} as after (read_only)")
        for side in ("before", "after"):
            connection.execute(SIDE.format(side=side), {"as_of": as_of})
        connection.execute(
            """
            create temp table compared_models as
            select distinct model_id from before_leads
            intersect
            select distinct model_id from after_leads;
            create temp table tier_places as
            select trim(model_id) as model_id, trim(tier) as tier, cast(enter_at as double) as place
            from after.rules.tiers;
            """
        )
        for model_id, tiers in tiers_before.items():
            for tier in tiers:
                connection.execute(
                    "insert into tier_places select $model_id, $tier, $enter_at where ($model_id,"
                    " $tier) not in (select (model_id, tier) from tier_places)",
                    {"model_id": model_id, "tier": tier["tier"], "enter_at": tier["enter_at"]},
                )
        connection.execute(MOVES)
        connection.execute(BECAUSE, {"as_of": as_of})
        connection.execute(EXPLAINED_MOVES)
        yield connection


def compare_models(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """One row per model of either side, the most moved first: model_id, version_before,
    version_after, leads_before, leads_after, mean_before, mean_after (null on the side that lacks
    it), and of the compared ones changed_scores, moved (leads)."""
    return fetch_rows(
        connection,
        """
        with sides as (
            select
                coalesce(b.model_id, a.model_id) as model_id,
                max(b.model_version) as version_before,
                max(a.model_version) as version_after,
                count(b.lead_id) as leads_before,
                count(a.lead_id) as leads_after,
                avg(b.score) as mean_before,
                avg(a.score) as mean_after,
                count(*) filter (a.score <> b.score) as changed_scores
            from before_leads as b
            full join after_leads as a on b.model_id = a.model_id and b.lead_id = a.lead_id
            group by 1
        )

        select sides.*, (select count(*) from moves where moves.model_id = sides.model_id) as moved
        from sides
        order by moved desc, changed_scores desc, model_id
        """,
    )


def count_moves(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """How many leads move from which tier to which, largest first: model_id, was_scored,
    tier_before, is_scored, tier_after, direction, leads."""
    return fetch_rows(
        connection,
        """
        select
            model_id, was_scored, tier_before, is_scored, tier_after, direction, count(*) as leads
        from moves
        group by all
        order by model_id, leads desc, tier_before, tier_after, was_scored, is_scored, direction
        """,
    )


def find_rule_changes(
    connection: duckdb.DuckDBPyConnection, *, as_of: date
) -> list[dict[str, Any]]:
    """The rules whose points differ in sum, the largest difference first: model_id, rule_id,
    leads_before, leads_after (that have them), points_before, points_after."""
    return fetch_rows(
        connection,
        f"""
        with sums as (
            select model_id, rule_id, count(*) as leads_before, sum(points) as points_before,
                0 as leads_after, 0 as points_after
            from before.main.lead_score_ledger
            where as_of_date = {quote(as_of)}
            group by all
            union all
            select model_id, rule_id, 0, 0, count(*), sum(points)
            from after.main.lead_score_ledger
            where as_of_date = {quote(as_of)}
            group by all
        )

        select model_id, rule_id,
            cast(sum(leads_before) as bigint) as leads_before,
            cast(sum(leads_after) as bigint) as leads_after,
            sum(points_before) as points_before,
            sum(points_after) as points_after
        from sums
        where model_id in (select model_id from compared_models)
        group by all
        having sum(points_before) <> sum(points_after) or sum(leads_before) <> sum(leads_after)
        order by model_id, abs(sum(points_after) - sum(points_before)) desc, rule_id
        """,
    )


def find_moved_leads(
    connection: duckdb.DuckDBPyConnection, *, model_id: str, direction: str, limit: int
) -> list[dict[str, Any]]:
    """The leads of a model that go `direction` (down, up, held back, let go or renamed), the
    highest scores first: lead_id, tier_before, tier_after, score_before, score_after, because."""
    return fetch_rows(
        connection,
        f"""
        select lead_id, tier_before, tier_after, score_before, score_after, because
        from explained_moves
        where model_id = {quote(model_id)} and direction = {quote(direction)}
        order by greatest(score_before, score_after) desc, lead_id
        limit {limit}
        """,
    )


def write_moves(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Write every lead that moves into the CSV `file`, one row per model and lead."""
    connection.execute(
        f"""
        copy (
            select
                model_id, lead_id, tier_before, tier_after, score_before, score_after, because,
                evidence
            from explained_moves
            order by model_id, lead_id
        ) to {quote(file)} (format csv, header)
        """
    )


HEADLINES = {
    "down": "would no longer reach their tier",
    "up": "would newly reach a tier",
    "held back": "would no longer be handed over",
    "let go": "would be handed over again",
    "renamed": "would be in another tier of the same height",
}


def describe_moves(connection: duckdb.DuckDBPyConnection, *, as_of: date) -> list[str]:
    """Per model the moves between tiers, the rules behind them and the first leads, as lines."""
    counts = count_moves(connection)
    rules = find_rule_changes(connection, as_of=as_of)
    lines = []
    for model in compare_models(connection):
        model_id = model["model_id"]
        lines += ["", describe_model(model)]
        if not model["leads_before"] or not model["leads_after"]:
            continue
        of_model = [row for row in counts if row["model_id"] == model_id]
        lines += [describe_count(row) for row in of_model]
        changed = [row for row in rules if row["model_id"] == model_id]
        if changed:
            lines += [f"  {'rules whose points change most':<34}{'leads':>16}{'points':>26}"]
            lines += [describe_rule(row) for row in changed[:RULE_LINES]]
        if len(changed) > RULE_LINES:
            lines.append(f"    and {len(changed) - RULE_LINES} more")
        for direction, words in HEADLINES.items():
            leads = sum(row["leads"] for row in of_model if row["direction"] == direction)
            if leads:
                lines.append(f"  {count_things(leads, 'lead')} {words}")
                found = find_moved_leads(
                    connection, model_id=model_id, direction=direction, limit=MOVE_LINES
                )
                lines += [describe_lead(row) for row in found]
                if leads > len(found):
                    lines.append(f"    and {leads - len(found):,} more")
    return lines[1:]


def describe_model(model: dict[str, Any]) -> str:
    """The headline of a model, with what changes on the whole."""
    name = f"{model['model_id']} {model['version_after'] or model['version_before']}"
    if not model["leads_before"]:
        leads = count_things(model["leads_after"], "lead")
        return f"{name} is new: {leads}, mean score {model['mean_after']:.2f}"
    leads = count_things(model["leads_before"], "lead")
    if not model["leads_after"]:
        return f"{name} is no longer scored: it had {leads}"
    if model["version_before"] != model["version_after"]:
        name = f"{model['model_id']} {model['version_before']} → {model['version_after']}"
    if not model["moved"] and not model["changed_scores"]:
        return f"{name}: of {leads}, no score changes"
    return (
        f"{name}: of {leads}, {model['changed_scores']:,} change their score and "
        f"{model['moved']:,} move; mean score {model['mean_before']:.2f} → "
        f"{model['mean_after']:.2f}"
    )


def describe_count(row: dict[str, Any]) -> str:
    """How many leads move from one tier to another.

    >>> describe_count({"tier_before": "sales", "was_scored": True, "tier_after": None,
    ...                 "is_scored": False, "direction": "down", "leads": 1234})
    '  sales               → not scored             1,234'
    """
    before = name_tier(row["tier_before"], is_scored=row["was_scored"])
    after = name_tier(row["tier_after"], is_scored=row["is_scored"])
    words = {"held back": "excluded now", "let go": "no longer excluded"}.get(row["direction"])
    if words:
        after = words
    return f"  {before:<18}  → {after:<18}{row['leads']:>10,}"


def name_tier(tier: str | None, *, is_scored: bool) -> str:
    """What stands for a tier.

    >>> name_tier(None, is_scored=True), name_tier("sales", is_scored=True)
    ('no tier', 'sales')
    """
    return tier or ("no tier" if is_scored else "not scored")


def describe_rule(row: dict[str, Any]) -> str:
    """A rule, how many leads have points by it and how many points that are."""
    leads = f"{row['leads_before']:,} → {row['leads_after']:,}"
    points = f"{row['points_before']:,.1f} → {row['points_after']:,.1f}"
    return f"    {row['rule_id']:<32}{leads:>16}{points:>26}"


def describe_lead(row: dict[str, Any]) -> str:
    """A lead that moves: from where to where, and why."""
    score_before, score_after = (
        "–" if row[side] is None else f"{row[side]:.2f}" for side in ("score_before", "score_after")
    )
    tiers = f"{row['tier_before'] or '–'} → {row['tier_after'] or '–'}"
    scores = f"{score_before:>6} → {score_after:<6}"
    return f"    {row['lead_id']:<12} {tiers:<36} {scores}  {row['because']}"


def list_tiers_by_model(manifest: Manifest) -> dict[str, list[dict[str, Any]]]:
    """Per model of a publication its tiers, with tier and enter_at."""
    models = manifest["rule_book"]["models"]
    return {model_id: model["tiers"] for model_id, model in models.items()}
