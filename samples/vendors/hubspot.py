"""The sample as HubSpot holds it and Fivetran lands it: contacts with histories of properties,
merges, stage ids, engagements, mail events with their details. Beside it the same rows as the
contract has them, without what HubSpot has no place for: what comes of the one must be what comes
of the other.

    python -m samples.vendors.hubspot --raw samples/raw --out /tmp/hubspot
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import duckdb

from samples.vendors.command import run

# The contract's columns of a lead by the properties that hold them.
CONTACT = {
    "firstname": "first_name",
    "lastname": "last_name",
    "phone": "phone",
    "jobtitle": "job_title",
    "company": "company_name",
    "website": "company_domain",
    "industry": "industry",
    "numemployees": "employee_count",
    "annualrevenue": "annual_revenue",
    "hs_country_region_code": "country",
    "state": "region",
    "city": "city",
    "hs_analytics_source": "lead_source",
    "associatedcompanyid": "account_id",
    "hubspot_owner_id": "owner_id",
    "lifecyclestage": "lifecycle_stage",
    "hs_email_optout": "do_not_contact",
}
COMPANY = {
    "name": "account_name",
    "domain": "domain",
    "industry": "industry",
    "numberofemployees": "employee_count",
    "annualrevenue": "annual_revenue",
    "hs_country_code": "country",
    "lifecyclestage": "is_customer",
}
DEAL = {"amount": "amount", "closedate": "closed_at", "dealstage": "stage"}

# What HubSpot has of the contract: one copy of each usable row, and no column that it has no place
# for. An address is today's, a number of a deal's close date the day on which it is to close.
CLEAN = """
create macro usable(happened, loaded) as happened <= loaded + interval 1 day;

create table leads as
select * exclude (ip_organization, email, _loaded_at),
    last_value(email) over (
        partition by lead_id order by updated_at
        rows between unbounded preceding and unbounded following
    ) as email,
    case when is_deleted then updated_at else _loaded_at end as _loaded_at
from read_parquet('{raw}/crm/leads.parquet')
where lead_id is not null and coalesce(employee_count, 0) >= 0 and usable(updated_at, _loaded_at)
qualify row_number() over (partition by lead_id, updated_at order by _loaded_at) = 1;
delete from leads where (lead_id, updated_at) in (
    select (lead_id, updated_at) from leads
    qualify count(*) filter (is_deleted) over (
        partition by lead_id order by updated_at rows between unbounded preceding and 1 preceding
    ) > 0
);

create table lead_attributes as
select * from read_parquet('{raw}/crm/lead_attributes.parquet')
where lead_id is not null and attribute is not null and usable(updated_at, _loaded_at)
qualify row_number() over (partition by lead_id, attribute, updated_at order by _loaded_at) = 1;

create table accounts as
select * from read_parquet('{raw}/crm/accounts.parquet')
where account_id is not null and coalesce(employee_count, 0) >= 0 and usable(updated_at, _loaded_at)
qualify row_number() over (partition by account_id, updated_at order by _loaded_at) = 1;

create table opportunities as
select * exclude (product), closed_at as expected_close_on
from read_parquet('{raw}/crm/opportunities.parquet')
where opportunity_id is not null and coalesce(amount, 0) >= 0 and usable(updated_at, _loaded_at)
qualify row_number() over (partition by opportunity_id, updated_at order by _loaded_at) = 1;

create table opportunity_stages as
select * from read_parquet('{raw}/crm/opportunity_stages.parquet')
where opportunity_id is not null and stage is not null and usable(entered_at, _loaded_at)
qualify row_number() over (partition by opportunity_id, stage, entered_at order by _loaded_at) = 1;

create table activities as
select * exclude (product) from read_parquet('{raw}/crm/activities.parquet')
where activity_id is not null and lead_id is not null and activity_type in ('call', 'meeting')
and usable(occurred_at, _loaded_at)
qualify row_number() over (partition by activity_id order by _loaded_at) = 1;

create table events as
select * from read_parquet('{raw}/email/events.parquet')
where event_id is not null and email is not null and usable(occurred_at, _loaded_at)
qualify row_number() over (partition by event_id order by _loaded_at) = 1;

create table campaigns as
select * exclude (topic, product) from read_parquet('{raw}/email/campaigns.parquet')
where campaign_id is not null
qualify row_number() over (partition by campaign_id order by _loaded_at) = 1;
"""

# Whose address is whose, and what else each person has: every seventh was two, every fourteenth
# three contacts; every fifth has a second address.
PEOPLE = """
create macro number_of(id) as cast(substr(id, 2) as bigint);

create table people as
select lead_id, number_of(lead_id) as id, email, since,
    case when id % 7 = 0 then id + 50_000_000 end as loser,
    case when id % 14 = 0 then id + 60_000_000 end as first_loser,
    case when id % 7 = 0 then 'former.' || id || '@old.example' end as former_email,
    case when id % 5 = 0 then 'second.' || id || '@other.example' end as second_email
from (select lead_id, any_value(email) as email, min(created_at) as since from leads group by 1);

create table recipients as
select lower(trim(email)) as address, arg_min(people, id) as person
from people where email is not null group by 1;
"""

# Times as HubSpot's tables have them: the hour of one digit where it is one.
TIMES = """
create macro told(moment) as
    strftime(moment, '%Y-%m-%d ') || hour(moment) || strftime(moment, ':%M:%S.%f');
create macro iso(moment) as strftime(moment, '%Y-%m-%dT%H:%M:%S.%fZ');
"""

TABLES = {
    "contact": """
        select people.id, property_email, second_email as property_hs_additional_emails,
            loser as property_hs_merged_object_ids, {contact_columns},
            told(created_at) as property_createdate,
            told(coalesce(lag_updated_at, updated_at)) as property_lastmodifieddate,
            is_deleted as _fivetran_deleted, told(_loaded_at) as _fivetran_synced
        from (
            select lead_id, email as property_email, {contact_values}, created_at, updated_at,
                is_deleted, _loaded_at,
                case when is_deleted then lag(updated_at) over (
                    partition by lead_id order by updated_at
                ) end as lag_updated_at
            from leads
            qualify row_number() over (partition by lead_id order by updated_at desc) = 1
        ) inner join people using (lead_id)
        union all by name
        select loser as id, former_email as property_email, 'Was' as property_firstname,
            first_loser as property_hs_merged_object_ids, told(since) as property_createdate,
            true as _fivetran_deleted, told(since) as _fivetran_synced
        from people where loser is not null
        union all by name
        select first_loser as id, 'Was first' as property_firstname,
            told(since) as property_createdate, true as _fivetran_deleted,
            told(since) as _fivetran_synced
        from people where first_loser % 3 = 0
    """,
    "contact_property_history": """
        select number_of(lead_id) as contact_id, name, value, iso(updated_at) as timestamp,
            'CRM_UI' as source, told(_loaded_at) as _fivetran_synced
        from contact_changes
        union all by name
        select number_of(lead_id) as contact_id, attribute as name, value,
            told(updated_at) as timestamp, 'CRM_UI' as source, told(_loaded_at) as _fivetran_synced
        from lead_attributes
        union all by name
        select id as contact_id, 'hs_score_of_somebody' as name, '7' as value,
            told(since) as timestamp, told(since) as _fivetran_synced
        from people
    """,
    "contact_merge_audit": """
        select id as canonical_vid, loser as vid_to_merge, told(since) as timestamp
        from people where loser % 2 = 0
    """,
    "company": """
        select number_of(account_id) as id, {company_columns}, false as is_deleted,
            told(updated_at) as property_hs_lastmodifieddate, told(_loaded_at) as _fivetran_synced
        from (
            select account_id, {company_values}, updated_at, _loaded_at from customers
            qualify row_number() over (partition by account_id order by updated_at desc) = 1
        )
        union all by name
        select 1 as id, 'Gone' as property_name, true as is_deleted
    """,
    "company_property_history": """
        select number_of(account_id) as company_id, name, value, iso(updated_at) as timestamp,
            told(_loaded_at) as _fivetran_synced
        from company_changes
    """,
    "deal": """
        select number_of(opportunity_id) as deal_id, amount as property_amount,
            'stage-' || stage as deal_pipeline_stage_id, told(closed_at) as property_closedate,
            told(created_at) as property_createdate,
            told(updated_at) as property_hs_lastmodifieddate, false as is_deleted,
            told(_loaded_at) as _fivetran_synced
        from opportunities
        qualify row_number() over (partition by opportunity_id order by updated_at desc) = 1
        union all by name
        select number + n as deal_id, 999 as property_amount,
            'stage-closed_won' as deal_pipeline_stage_id,
            told(timestamp '2026-01-01') as property_createdate,
            told(timestamp '2026-01-02') as property_closedate, n = 1 as is_deleted,
            told(timestamp '2026-01-02') as _fivetran_synced
        from (select max(number_of(opportunity_id)) as number from opportunities),
            range(1, 3) as r(n)
    """,
    "merged_deal": """
        select min(number_of(opportunity_id)) as deal_id,
            max(number_of(opportunity_id)) + 2 as merged_deal_id
        from opportunities
    """,
    "deal_property_history": """
        select number_of(opportunity_id) as deal_id, name,
            case when name = 'dealstage' then 'stage-' || value
                when name = 'closedate' then iso(cast(value as timestamp)) else value end as value,
            iso(updated_at) as timestamp, told(_loaded_at) as _fivetran_synced
        from deal_changes
    """,
    "deal_contact": """
        select number_of(opportunity_id) as deal_id,
            case when loser is not null then loser else people.id end as contact_id
        from (select distinct opportunity_id, lead_id from opportunities)
        inner join people using (lead_id)
    """,
    "deal_company": """
        select number_of(opportunity_id) as deal_id, number_of(account_id) as company_id,
            5 as type_id
        from (select distinct opportunity_id, account_id from opportunities)
        where account_id is not null
        union all
        select number_of(opportunity_id), 1, 341
        from (select distinct opportunity_id from opportunities where account_id is not null)
    """,
    "deal_stage": """
        select number_of(opportunity_id) as deal_id, 'stage-' || stage as value,
            told(entered_at) as date_entered, '2050-01-01 00:00:00' as _fivetran_end,
            told(_loaded_at) as _fivetran_synced
        from opportunity_stages
    """,
    "deal_pipeline_stage": """
        select distinct 'stage-' || stage as stage_id, stage as label,
            stage = 'closed_won' as closed_won, stage in ('closed_won', 'closed_lost') as is_closed
        from (select stage from opportunities union select stage from opportunity_stages)
    """,
    "email_campaign": """
        select campaign_id as id, campaign_name as name, told(_loaded_at) as _fivetran_synced
        from campaigns
    """,
    "email_event": """
        select event_id as id, upper(case event_type when 'unsubscribe' then 'statuschange'
                when 'complaint' then 'spamreport' else event_type end) as type,
            told(occurred_at) as created, campaign_id as email_campaign_id,
            case when number % 3 = 1 and person.former_email is not null then person.former_email
                when number % 3 = 2 and person.second_email is not null
                    then upper(person.second_email)
                else upper(email) end as recipient,
            false as filtered_event, told(_loaded_at) as _fivetran_synced
        from numbered_events
        union all by name
        select 'soft-' || person.id as id, 'BOUNCE' as type,
            told(timestamp '2026-06-20 04:00:00') as created,
            address as recipient, told(timestamp '2026-06-20 05:00:00') as _fivetran_synced
        from recipients where person.id % 3 = 0
        union all by name
        select 'bot-' || kind || '-' || person.id as id, kind as type,
            told(timestamp '2026-06-21 04:00:00') as created, address as recipient,
            true as filtered_event, told(timestamp '2026-06-21 05:00:00') as _fivetran_synced
        from recipients, (values ('OPEN'), ('CLICK')) as kinds(kind) where person.id % 4 = 0
    """,
    "email_event_click": """
        select event_id as id, url, user_agent, told(_loaded_at) as _fivetran_synced
        from events where event_type = 'click'
    """,
    "email_event_open": """
        select event_id as id, user_agent, told(_loaded_at) as _fivetran_synced
        from events where event_type = 'open'
    """,
    "email_event_bounce": """
        select event_id as id, 'UNKNOWN_USER' as category from events where event_type = 'bounce'
        union all
        select 'soft-' || person.id, 'THROTTLED' from recipients where person.id % 3 = 0
    """,
    "email_event_status_change": """
        select event_id as id, 'UNSUBSCRIBED' as portal_subscription_status
        from events where event_type = 'unsubscribe'
    """,
    "engagement": "select id, upper(activity_type) as type from engagements",
    "engagement_contact": """
        select engagements.id as engagement_id,
            case when engagements.id % 2 = 1 and loser is not null then loser
                when engagements.id % 6 = 2 and first_loser is not null then first_loser
                else people.id end as contact_id
        from engagements inner join people using (lead_id)
        union all
        select 1, min(id) from people
        union all
        select 2, min(id) from people
        union all
        select 3, min(id) from people
    """,
    "engagement_call": """
        select id as engagement_id, subject as property_hs_call_title,
            told(occurred_at) as property_hs_timestamp, false as _fivetran_deleted,
            told(_loaded_at) as _fivetran_synced
        from engagements where activity_type = 'call'
        union all by name
        select 1 as engagement_id, told(timestamp '2026-06-20') as property_hs_timestamp,
            true as _fivetran_deleted, told(timestamp '2026-06-20') as _fivetran_synced
    """,
    "engagement_meeting": """
        select id as engagement_id,
            case when id % 2 = 0 then subject end as property_hs_meeting_title,
            case when id % 2 = 1 then subject end as title,
            case when id % 2 = 0 then told(occurred_at) end as property_hs_timestamp,
            case when id % 2 = 1 then told(occurred_at) end as start_time,
            case when id % 3 = 0 then 'COMPLETED' end as property_hs_meeting_outcome,
            told(_loaded_at) as _fivetran_synced
        from engagements where activity_type = 'meeting'
        union all by name
        select 2 as engagement_id, told(timestamp '2099-01-01') as property_hs_timestamp,
            told(timestamp '2026-06-20') as _fivetran_synced
        union all by name
        select 3 as engagement_id, told(timestamp '2026-06-20') as property_hs_timestamp,
            'CANCELED' as property_hs_meeting_outcome,
            told(timestamp '2026-06-20') as _fivetran_synced
        union all by name
        select 4 as engagement_id, told(timestamp '2026-06-20') as property_hs_timestamp,
            told(timestamp '2026-06-20') as _fivetran_synced
    """,
}


def write_hubspot(raw: Path, out: Path) -> None:
    """Write the sample of the folder `raw` to `out`/vendor/hubspot, a CSV file per table of
    HubSpot, and to `out`/contract what of it HubSpot has, as raw tables of the contract. An older
    `out` is replaced. Raises duckdb.Error where `raw` holds no sample in Parquet."""
    shutil.rmtree(out, ignore_errors=True)
    with duckdb.connect() as connection:
        connection.execute(CLEAN.format(raw=raw))
        connection.execute(PEOPLE + TIMES)
        prepare_histories(connection)
        for table in ("leads", "lead_attributes", "accounts", "opportunities", "opportunity_stages",
                      "activities"):  # fmt: skip
            copy(connection, f"from {table}", out / "contract/crm" / f"{table}.parquet")
        for table in ("events", "campaigns"):
            copy(connection, f"from {table}", out / "contract/email" / f"{table}.parquet")
        columns = {
            f"{name}_columns": ", ".join(f"property_{key}" for key in properties)
            for name, properties in (("contact", CONTACT), ("company", COMPANY))
        } | {
            f"{name}_values": ", ".join(
                f"{write_value(key, column)} as property_{key}"
                for key, column in properties.items()
            )
            for name, properties in (("contact", CONTACT), ("company", COMPANY))
        }
        for table, query in TABLES.items():
            copy(connection, query.format(**columns), out / "vendor/hubspot" / f"{table}.csv")
    # As many tools on Windows write it.
    contacts = out / "vendor/hubspot/contact.csv"
    contacts.write_bytes(b"\xef\xbb\xbf" + contacts.read_bytes())


def prepare_histories(connection: duckdb.DuckDBPyConnection) -> None:
    """Tables of the changes of each property, and of what the mess is chosen by."""
    connection.execute(
        "create table customers as select * replace "
        "(case when is_customer then 'customer' else 'lead' end as is_customer) from accounts"
    )
    for name, table, key, properties in (
        ("contact_changes", "leads", "lead_id", CONTACT),
        ("company_changes", "customers", "account_id", COMPANY),
        ("deal_changes", "opportunities", "opportunity_id", DEAL),
    ):
        changes = " union all ".join(
            f"select {key}, '{prop}' as name, {write_value(prop, column)} as value, updated_at, "
            f"_loaded_at, lag({column}) over (partition by {key} order by updated_at) "
            f"is distinct from {column} as is_change from {table}"
            for prop, column in properties.items()
        )
        connection.execute(f"create table {name} as from ({changes}) as changes where is_change")
    connection.execute(
        "create table engagements as"
        " select *, 1000 + row_number() over (order by activity_id) as id from activities"
    )
    connection.execute(
        "create table numbered_events as"
        " select events.*, person, row_number() over (order by event_id) as number"
        " from events left join recipients on lower(trim(email)) = address"
    )


def write_value(prop: str, column: str) -> str:
    """SQL for the text that a property holds."""
    if prop == "associatedcompanyid":
        return f"cast(number_of({column}) as text)"
    if prop == "website":
        return f"'https://www.' || {column} || '/about'"
    return f"cast({column} as text)"


def copy(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    """Write the rows of a query to a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    options = "format parquet" if file.suffix == ".parquet" else "format csv, header"
    connection.execute(f"copy ({query}) to '{file}' ({options})")


if __name__ == "__main__":
    sys.exit(run("hubspot", "HubSpot", write_hubspot))
