"""What belongs here: whom new rows of the raw tables touch, and which rows of all raw tables it
takes to score them: their own, those of whoever shares an address or a visitor with them, their
accounts' and their deals'. Docs: docs/decisions/0031-intraday.md.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.intraday.raw_rows import RawRows
from orchestration.lib.intraday.seen import FIRST_TIME

# The columns of each raw table by which its rows are found.
KEYS = {
    "crm.leads": ("lead_id", "email", "account_id"),
    "crm.lead_attributes": ("lead_id",),
    "crm.accounts": ("account_id",),
    "crm.opportunities": ("opportunity_id", "lead_id", "account_id"),
    "crm.opportunity_stages": ("opportunity_id",),
    "crm.activities": ("activity_id", "lead_id"),
    "crm.lead_feedback": ("lead_id",),
    "email.events": ("event_id", "email"),
    "web.events": ("event_id", "visitor_id", "email"),
}

# Who is known by what, over all versions: whoever ever had an address shares it.
LINKS = """
create or replace temp table lead_links as
select distinct lead_id, email, account_id from {leads} where lead_id is not null;

create or replace temp table deal_links as
select distinct opportunity_id, lead_id, account_id from {opportunities}
where opportunity_id is not null;

create or replace temp table namings as
select distinct visitor_id, email from {web_events}
where visitor_id is not null and email is not null;
"""

# What the new rows name.
NAMED = """
create or replace temp table new_deals as
select opportunity_id, loaded_at from {new_opportunities}
union select opportunity_id, loaded_at from {new_opportunity_stages};

-- Of a deal whom it names and whom it named before.
create or replace temp table new_accounts as
select account_id, loaded_at from {new_accounts}
union select deal_links.account_id, new_deals.loaded_at
from deal_links inner join new_deals using (opportunity_id);

create or replace temp table new_addresses as
select email, loaded_at from {new_email_events}
union select email, loaded_at from {new_web_events}
union
select namings.email, new_events.loaded_at
from namings inner join {new_web_events} as new_events using (visitor_id)
union select email, {last_run} from {moved}
union
select others.email, {last_run}
from {moved} as moved
inner join namings as own using (email)
inner join namings as others using (visitor_id);

create or replace temp table named_leads as
select lead_id, loaded_at from {new_leads}
union select lead_id, loaded_at from {new_lead_attributes}
union select lead_id, loaded_at from {new_activities}
union select lead_id, loaded_at from {new_lead_feedback}
union select deal_links.lead_id, new_deals.loaded_at
from deal_links inner join new_deals using (opportunity_id)
union select lead_links.lead_id, new_accounts.loaded_at
from lead_links inner join new_accounts using (account_id)
union select lead_links.lead_id, new_addresses.loaded_at
from lead_links inner join new_addresses using (email)
union select lead_id, {last_run} from {scored_today};

-- The first load of what touches a lead; what had loaded before the last run was read by it,
-- unless there is nothing else.
create or replace temp table lead_loads as
with touches as (
    select lead_id, loaded_at from named_leads where lead_id is not null
    union
    select others.lead_id, named_leads.loaded_at
    from named_leads
    inner join lead_links as own using (lead_id)
    inner join lead_links as others on own.email = others.email
)

select
    lead_id,
    coalesce(min(loaded_at) filter (loaded_at > {last_run}), max(loaded_at)) as loaded_at
from touches
group by lead_id;

create or replace temp table touched_leads as select lead_id from lead_loads;
"""

# Those beside whom they stand: of one person, and those whom one of their visitors has named.
CONTEXT = """
create or replace temp table context_visitors as
select distinct visitor_id from namings
where email in (select email from lead_links where lead_id in (from touched_leads));

create or replace temp table context_leads as
select lead_id from touched_leads
union
select lead_id from lead_links
where email in (select email from lead_links where lead_id in (from touched_leads))
    or email in (select email from namings where visitor_id in (from context_visitors));

create or replace temp table context_addresses as
select distinct email from lead_links
where email is not null and lead_id in (from context_leads);

create or replace temp table context_deals as
select distinct opportunity_id from deal_links
where lead_id in (from context_leads)
    or account_id in (select account_id from lead_links where lead_id in (from context_leads));

create or replace temp table context_accounts as
select account_id from lead_links where lead_id in (from context_leads)
union select account_id from deal_links where opportunity_id in (from context_deals);
"""

# Which rows of a raw table are theirs. An id that came twice may name another one the second time.
THEIRS = {
    "crm.leads": "{lead_id} in (from context_leads)",
    "crm.lead_attributes": "{lead_id} in (from context_leads)",
    "crm.accounts": "{account_id} in (from context_accounts)",
    "crm.opportunities": "{opportunity_id} in (from context_deals)",
    "crm.opportunity_stages": "{opportunity_id} in (from context_deals)",
    "crm.activities": "{lead_id} in (from context_leads)",
    "crm.lead_feedback": "{lead_id} in (from context_leads)",
    "email.events": "{email} in (from context_addresses)",
    "email.campaigns": "true",
    "web.events": (
        "{visitor_id} in (from context_visitors) or {email} in (from context_addresses)"
    ),
}

# Events whose id is theirs alone where the address is: the copies of others decide which counts.
IDS = {"crm.activities": "activity_id", "email.events": "event_id", "web.events": "event_id"}


def find_touched(
    connection: duckdb.DuckDBPyConnection,
    raw: Mapping[str, RawRows],
    since: Mapping[str, datetime],
    *,
    last_run: datetime,
    moved: str | None = None,
    scored_today: str | None = None,
) -> int:
    """Put the leads that rows loaded at or after `since` (by raw table, UTC; a table that is not
    there has no new rows) touch into touched_leads, when these rows loaded into lead_loads, and
    beside it what `write_rows` asks for; returns how many leads. `last_run` is when the last run of
    either kind had published, `moved` a table of the addresses whose visits may be another one's,
    `scored_today` one of leads that are touched in any case. Names and addresses stay in tables of
    the `connection`."""
    given = {
        "last_run": f"{quote(last_run)}::timestamp",
        "moved": moved or "(select null::varchar as email where false)",
        "scored_today": scored_today or "(select null::varchar as lead_id where false)",
    }
    for name, keys in KEYS.items():
        short = name.removeprefix("crm.").replace(".", "_")
        given[short] = select_keys(raw.get(name), keys)
        given[f"new_{short}"] = select_keys(raw.get(name), keys, since=since.get(name))
    connection.execute(LINKS.format(**given))
    connection.execute(NAMED.format(**given))
    connection.execute(CONTEXT)
    return connection.execute("select count(*) from touched_leads").fetchone()[0]


def select_keys(
    rows: RawRows | None, keys: tuple[str, ...], *, since: datetime | None = None
) -> str:
    """A query of the columns `keys` of a raw table; where `since` is given those of new rows, or of
    what has changed, with loaded_at. Addresses in small letters."""
    if rows is None:
        nothing = ", ".join(f"null::varchar as {key}" for key in keys)
        return f"(select {nothing}, null::timestamp as loaded_at where false)"
    columns = ", ".join(f"{select_key(rows, key)} as {key}" for key in keys)
    if not since:
        return f"(select {columns} from {rows.query})"
    if rows.changed:
        # Where it loaded at no time that can be it is set aside.
        return select_keys(rows.changed, keys, since=FIRST_TIME)
    loaded_at = rows.time("_loaded_at")
    return (
        f"(select {columns}, {loaded_at} as loaded_at from {rows.query}"
        f" where {loaded_at} >= {quote(since)}::timestamp)"
    )


def select_key(rows: RawRows, key: str) -> str:
    """A key column as it is compared."""
    return f"lower({rows.text(key)})" if key == "email" else rows.text(key)


def write_rows(
    connection: duckdb.DuckDBPyConnection, raw: Mapping[str, RawRows], folder: Path
) -> dict[str, int]:
    """Write the rows of every raw table that are theirs into files below `folder`, as a root of raw
    files; returns how many by table."""
    written = {}
    for name, rows in raw.items():
        file = folder / f"{name.replace('.', '/')}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        keys = {key: select_key(rows, key) for key in KEYS.get(name, ())}
        condition = THEIRS[name].format(**keys)
        if name in IDS:
            key = keys[IDS[name]]
            condition = (
                f"{condition} or {key} in (select {key} from {rows.query} where {condition})"
                f" or {is_newest(rows)}"
            )
        query = f"select * from {rows.query} where {condition}"
        written[name] = connection.execute(
            f"copy ({query}) to {quote(file)} (format parquet)"
        ).fetchone()[0]
    return written


def is_newest(rows: RawRows) -> str:
    """Of an event table what loaded last, whosever it is: that the feed is alive must be seen."""
    loaded = rows.time("_loaded_at")
    return f"{loaded} = (select max({loaded}) from {rows.query})"
