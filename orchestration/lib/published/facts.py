"""What belongs here: the questions to published marts that page and summary tell the answers of."""

import duckdb

from orchestration.lib.basics.progress import count_things
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.rows import Row, fetch_rows

PAGE_RULES = 25
BEST_ACCOUNTS = 5
OUTLOOK_DAYS = 7
MACHINE_ACTIVITIES = 4

# What is to be talked about of a rule, what is to be acted on first at the front. Not where there
# is too little to tell.
FINDINGS = [
    "points_the_wrong_way",
    "gives_no_points",
    "never_fires",
    "always_fires",
    "duplicates",
    "mostly_capped_away",
]


def count_tiers(connection: duckdb.DuckDBPyConnection, manifest: Row) -> list[Row]:
    """Per model and tier, the highest first and those without a tier last: model_id, tier,
    enter_at, leads, excluded, share (of the model's leads, 0–1)."""
    counted = fetch_rows(
        connection,
        """
        select
            model_id,
            tier,
            count(*) as leads,
            count(*) filter (is_excluded) as excluded,
            count(*) / sum(count(*)) over (partition by model_id) as share
        from scored_leads
        group by model_id, tier
        """,
    )
    by_tier = {(row["model_id"], row["tier"]): row for row in counted}
    nobody = {"leads": 0, "excluded": 0, "share": 0.0}
    rows = []
    for model_id, model in manifest["rule_book"]["models"].items():
        for step in [*model["tiers"], {"tier": None, "enter_at": None}]:
            found = by_tier.get((model_id, step["tier"]), nobody)
            if found["leads"] or step["tier"]:
                rows.append({"model_id": model_id, **step, **{k: found[k] for k in nobody}})
    return rows


def describe_progress(manifest: Row) -> list[str]:
    """That a publication is of a day in progress, what in it is still of the daily run, and what
    intraday runs warn of; nothing where a daily run made it.

    >>> describe_progress({"published_at": "2026-06-30T10:15:20+00:00",
    ...     "row_counts": {"intraday_leads": 3},
    ...     "intraday": {"night_published_at": "2026-06-30T06:04:00", "warnings": []}})
    ['A day in progress, as of 10:15 UTC: 3 leads are scored anew since the daily run of 06:04; \
accounts, history and the marts of the meeting are as that left them.']
    """
    told = manifest.get("intraday")
    if not told:
        return []
    now, night = manifest["published_at"][11:16], told["night_published_at"][11:16]
    leads = manifest["row_counts"]["intraday_leads"]
    return [
        f"A day in progress, as of {now} UTC: {count_things(leads, 'lead')}"
        f" {'is' if leads == 1 else 'are'} scored anew since the daily run of {night}; accounts,"
        " history and the marts of the meeting are as that left them.",
        *told["warnings"],
    ]


def find_champions(manifest: Row) -> list[str]:
    """The models whose leads are shown one by one: the champions, else the first model there is."""
    models = manifest["rule_book"]["models"]
    champions = [model_id for model_id, model in models.items() if model["role"] == "champion"]
    return champions or list(models)[:1]


# The order in which the leads of a model are shown.
BEST_LEADS = """
select * from scored_leads
where not is_excluded and model_id = $model_id
order by score desc, lead_id
limit $limit
"""


def find_best_leads(
    connection: duckdb.DuckDBPyConnection, *, model_id: str, limit: int
) -> list[Row]:
    """The `limit` leads with the highest scores of a model that are not excluded."""
    return fetch_rows(connection, BEST_LEADS, {"model_id": model_id, "limit": limit})


def find_ledger(
    connection: duckdb.DuckDBPyConnection, *, model_id: str, limit: int
) -> dict[str, list[Row]]:
    """The ledger rows of the `limit` best leads of a model, by lead, largest gain first."""
    best = find_best_leads(connection, model_id=model_id, limit=limit)
    if not best:
        return {}
    # Named one by one, so that the rows of no other lead are put to text.
    leads = ", ".join(quote(lead["lead_id"]) for lead in best)
    rows = fetch_rows(
        connection,
        f"""
        select *
        from lead_score_ledger
        where as_of_date = $as_of and model_id = $model_id and lead_id in ({leads})
        order by rule_id like 'cap:%', points desc, rule_id
        """,
        {"as_of": best[0]["as_of_date"], "model_id": model_id},
    )
    ledger: dict[str, list[Row]] = {}
    for row in rows:
        ledger.setdefault(row["lead_id"], []).append(row)
    return ledger


def find_health(connection: duckdb.DuckDBPyConnection) -> dict[str, Row]:
    """The row of model_health of each model."""
    rows = fetch_rows(connection, "select * from model_health order by model_id")
    return {row["model_id"]: row for row in rows}


def find_findings(
    connection: duckdb.DuckDBPyConnection, *, model_ids: list[str], limit: int
) -> list[Row]:
    """The `limit` rules of these models with the worst findings, of equal ones those that most
    leads meet."""
    return fetch_rows(
        connection,
        """
        select model_id, rule_id, reason, owner, points, finding, finding_text
        from rule_health
        where list_contains($findings, finding) and list_contains($model_ids, model_id)
        order by list_position($findings, finding), leads_met desc, model_id, rule_id
        limit $limit
        """,
        {"model_ids": model_ids, "findings": FINDINGS, "limit": limit},
    )


def find_newest_trend(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> Row | None:
    """The row of score_trend of the newest day of a model; None where it has none yet."""
    rows = fetch_rows(
        connection,
        "select * from score_trend where model_id = $model_id order by as_of_date desc limit 1",
        {"model_id": model_id},
    )
    return rows[0] if rows else None


def find_funnel(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """The stages of a model in their order."""
    return fetch_rows(
        connection,
        "select * from lead_funnel where model_id = $model_id order by position",
        {"model_id": model_id},
    )


def find_feedback(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> dict[str, list[Row]]:
    """What sales said of a model's leads: the rows of hand_over_feedback by their kind, those with
    most hand-overs first; of rules only those that were answered, PAGE_RULES at most."""
    rows = fetch_rows(
        connection,
        """
        select *
        from hand_over_feedback
        where model_id = $model_id
            and (hand_overs > 0 or accepted + rejected > 0)
            and (kind <> 'rule' or accepted + rejected > 0)
        qualify row_number() over (
            partition by kind order by accepted + rejected desc, hand_overs desc, value
        ) <= $limit
        order by hand_overs desc, accepted + rejected desc, value
        """,
        {"model_id": model_id, "limit": PAGE_RULES},
    )
    feedback: dict[str, list[Row]] = {
        kind: [] for kind in ("all", "tier", "rule", "reason", "deal")
    }
    for row in rows:
        feedback[row["kind"]].append(row)
    return feedback


def find_forecast(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The rows of the forecast of the newest day, all products of a month first."""
    return fetch_rows(
        connection,
        """
        select * from forecast
        where as_of_date = (select max(as_of_date) from forecast)
        order by month, product <> 'all products', product
        """,
    )


def find_unknown_stages(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The stages of open deals that stand in no row of stage_confidence.csv, those of most deals
    first: stage (None: deals without one), deals, amount (of those that have one, 0 without)."""
    return fetch_rows(
        connection,
        """
        select lower(trim(stage)) as stage, count(*) as deals, coalesce(sum(amount), 0) as amount
        from sales_forecast
        where as_of_date = (select max(as_of_date) from sales_forecast)
            and confidence_pct is null
        group by all
        order by deals desc, stage
        """,
    )


def describe_unknown_stages(stages: list[Row]) -> str | None:
    """How many open deals, worth how much, are left out of the forecast and what to do; None where
    none is.

    >>> print(describe_unknown_stages([{"stage": "demo", "deals": 441, "amount": 7.4e6}])[:58])
    441 open deals worth 7,400,000 add nothing to the forecast
    """
    if not stages:
        return None
    deals = sum(row["deals"] for row in stages)
    names = [f"{row['stage'] or 'no stage'} ({row['deals']:,})" for row in stages[:PAGE_RULES]]
    return (
        f"{count_things(deals, 'open deal')} worth {sum(row['amount'] for row in stages):,.0f} add"
        " nothing to the forecast, as their stages stand in no row of stage_confidence.csv: "
        f"{', '.join(names)}. Add them there."
    )


def count_quarantined(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Rows set aside, per table, column and reason: table_name, column_name, reason, rows."""
    return fetch_rows(
        connection,
        """
        select table_name, column_name, reason, count(*) as rows
        from quarantine
        group by all
        order by rows desc, table_name, column_name, reason
        """,
    )


def count_days_read(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """On how many days of events the last run read rows, by reason; a day that was read for several
    counts once. `mails` are the days of which all mails were read anew. Reads the attached
    `warehouse`."""
    rows = connection.execute(
        """
        select reason, count(*)
        from (
            select occurred_on, max(reason) as reason
            from warehouse.intermediate.int_changed_event_days
            where reason <> 'day after'
            group by occurred_on
        )
        group by reason
        union all
        select 'mails', count(*)
        from warehouse.intermediate.int_changed_event_days
        where table_name = 'email.events' and reason in ('new rows', 'day after')
        """
    ).fetchall()
    return dict(rows)


def have_events_loaded(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether any row of an event table has ever been read. Reads the attached `warehouse`."""
    return connection.execute(
        "select exists (from warehouse.intermediate.event_loads_read)"
    ).fetchone()[0]


def find_unread_files(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Why files under LEADS_RAW are not read, a sentence each. Reads the attached `warehouse`."""
    rows = connection.execute(
        "select warning from warehouse.intermediate.int_raw_files"
        " where warning is not null order by warning"
    ).fetchall()
    return [warning for (warning,) in rows]


def find_champion_of(model_id: str, manifest: Row) -> str | None:
    """The champion of the same product as the challenger `model_id`; None where there is none."""
    models = manifest["rule_book"]["models"]
    for other, model in models.items():
        if model["role"] == "champion" and model["product"] == models[model_id]["product"]:
            return other
    return None


def count_differences(connection: duckdb.DuckDBPyConnection, model_id: str, other: str) -> int:
    """How many leads are in another tier by one model than by the other."""
    return connection.execute(
        """
        select count(*)
        from scored_leads as ours
        inner join scored_leads as theirs using (lead_id)
        where ours.model_id = ? and theirs.model_id = ? and ours.tier is distinct from theirs.tier
        """,
        [model_id, other],
    ).fetchone()[0]


def find_best_accounts(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """The accounts with the highest scores of a model, of equal ones those with most engaged
    leads."""
    return fetch_rows(
        connection,
        """
        select * from account_scores
        where as_of_date = (select max(as_of_date) from account_scores) and model_id = $model_id
        order by score desc, engaged_leads desc, account_id
        limit $limit
        """,
        {"model_id": model_id, "limit": BEST_ACCOUNTS},
    )


def find_stale_feeds(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The feeds that are stale, as the leads' rows say it; None where all are fresh."""
    return connection.execute("select max(stale_feeds) from scored_leads").fetchone()[0]


def find_unusual(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """What of raw tables and scores was unusual on the newest day: verdict (warn, hold, accepted),
    what_to_do, accepted_by, accepted_because; the gravest first."""
    return fetch_rows(
        connection,
        """
        with judged as (
            select as_of_date, table_name as subject, measure, verdict, what_to_do, accepted_by,
                accepted_because
            from feed_health
            union all
            select as_of_date, model_id, measure, verdict, what_to_do, accepted_by, accepted_because
            from score_health
        )

        select verdict, what_to_do, accepted_by, accepted_because
        from judged
        where as_of_date = (select max(as_of_date) from scored_leads)
            and verdict <> 'ok' and what_to_do is not null
        order by verdict <> 'hold', verdict, subject, measure
        """,
    )


def find_sales_facts(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> Row:
    """What a model hands over: due (hand-overs that are due since the newest day), drawn (those of
    them that were drawn at random), open, back (came back on that day), drop_out (leads that leave
    their tier within a week), field (the one to buy first; None where none matters), expected
    (tiers it is expected to change)."""
    return fetch_rows(
        connection,
        f"""
        with newest as (select max(as_of_date) as day from scored_leads)

        select
            (select count(*) from hand_overs, newest where model_id = $model_id and due_on = day)
                as due,
            (select count(*) from hand_overs, newest
                where model_id = $model_id and due_on = day and draw_probability is not null)
                as drawn,
            (select count(*) from hand_overs where model_id = $model_id and recycled_on is null)
                as open,
            (select count(*) from hand_overs, newest
                where model_id = $model_id and recycled_on = day) as back,
            (select count(*) from lead_outlook, newest
                where model_id = $model_id and as_of_date = day
                    and drops_out_on <= day + {OUTLOOK_DAYS}) as drop_out,
            first.attribute as field,
            first.expected_tier_changes as expected
        from newest
        left join unknown_fields as first
            on first.model_id = $model_id and first.as_of_date = day
            and first.rank = 1 and first.expected_tier_changes > 0
        """,
        {"model_id": model_id},
    )[0]


def find_cut_offs(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The tiers of limited places on the newest day: tier_cut_offs rows."""
    return fetch_rows(
        connection,
        """
        select * from tier_cut_offs
        where capacity is not null and as_of_date = (select max(as_of_date) from tier_cut_offs)
        order by model_id, enter_at desc
        """,
    )


def find_stability(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> Row | None:
    """How often a model's tiers flap; None before there are two weeks to tell."""
    rows = fetch_rows(
        connection,
        "select * from tier_stability where model_id = $model_id and last_day - first_day >= 14",
        {"model_id": model_id},
    )
    return rows[0] if rows else None


def count_exclusions(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """Why leads of a model are excluded, most frequent first: reason, leads, excluded (in all). A
    lead with two reasons counts under both."""
    return fetch_rows(
        connection,
        """
        with excluded as (
            select lead_id, exclusion_reason
            from scored_leads
            where is_excluded and model_id = $model_id
        ),

        reasons as (
            select distinct
                lead_id,
                regexp_replace(
                    unnest(string_split(exclusion_reason, '; ')),
                    '^Duplicate of the lead .*$',
                    'Duplicate of another lead'
                ) as reason
            from excluded
        )

        select reason, count(*) as leads, (select count(*) from excluded) as excluded
        from reasons
        group by reason
        order by leads desc, reason
        """,
        {"model_id": model_id},
    )


def count_machines(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The activities that machines did most of: activity, seen, by_people. One event may be several
    activities, so they do not add up."""
    return fetch_rows(
        connection,
        f"""
        select activity, sum(seen_count) as seen, sum(event_count) as by_people
        from lead_activities
        where as_of_date = (select max(as_of_date) from lead_activities)
        group by activity
        having sum(seen_count) > sum(event_count)
        order by sum(seen_count) - sum(event_count) desc, activity
        limit {MACHINE_ACTIVITIES}
        """,
    )
