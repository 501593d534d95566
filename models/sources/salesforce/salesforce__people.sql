{{ config(materialized='table') }}

with

leads as (

    select * from {{ ref('salesforce__lead_versions') }}
    where is_newest and id is not null

),

contacts as (

    select * from {{ ref('salesforce__contact_versions') }}
    where is_newest and id is not null

),

merged_records as (

    select * from {{ ref('salesforce__merges') }}

),

-- A conversion makes a contact, or adds to one that is there. The day of it may be that of another
-- zone than the time of the contact's making.
conversions as (

    select
        leads.id as lead_id,
        leads.converted_contact_id as contact_id,
        case
            when contacts.created_date < {{ dbt.dateadd('day', -1, 'leads.converted_date') }}
                or contacts.created_date > {{ dbt.dateadd('day', 2, 'leads.converted_date') }}
                or contacts.created_date is null
                then leads.converted_date
            else contacts.created_date
        end as converted_at,
        coalesce(
            contacts.created_date < {{ dbt.dateadd('day', -1, 'leads.converted_date') }}, false
        ) as was_there,
        row_number() over (
            partition by leads.converted_contact_id
            order by leads.converted_date asc nulls last, leads.created_date asc, leads.id asc
        ) as place
    from leads
    left join contacts on leads.converted_contact_id = contacts.id
    left join merged_records on leads.id = merged_records.loser_id
    where leads.converted_contact_id is not null and merged_records.loser_id is null

),

-- Whoever was a lead keeps the lead's id.
origins as (

    select
        contact_id,
        lead_id
    from conversions
    where place = 1 and not was_there

),

contact_ids as (

    select id from contacts
    union
    select contact_id as id from conversions
    union
    select merged_records.survivor_id as id
    from merged_records
    inner join contacts on merged_records.loser_id = contacts.id

),

contact_people as (

    select
        contact_ids.id as record_id,
        coalesce(origins.lead_id, contact_ids.id) as own_id,
        coalesce(
            origins_of_survivors.lead_id,
            merged_records.survivor_id,
            origins.lead_id,
            contact_ids.id
        ) as person_id,
        merged_records.merged_at
    from contact_ids
    left join merged_records on contact_ids.id = merged_records.loser_id
    left join origins on contact_ids.id = origins.contact_id
    left join origins as origins_of_survivors
        on merged_records.survivor_id = origins_of_survivors.contact_id

),

lead_people as (

    select
        leads.id as record_id,
        leads.id as own_id,
        coalesce(contact_people.person_id, merged_records.survivor_id, leads.id) as person_id,
        case
            when merged_records.loser_id is not null then merged_records.merged_at
            when contact_people.own_id = leads.id then contact_people.merged_at
            else conversions.converted_at
        end as ended_at
    from leads
    left join merged_records on leads.id = merged_records.loser_id
    left join conversions on coalesce(merged_records.survivor_id, leads.id) = conversions.lead_id
    left join contact_people on conversions.contact_id = contact_people.record_id

)

-- own_id: who a record is by itself, with the lead that it was; person_id: who that one has become.
select
    record_id,
    own_id,
    person_id,
    case when own_id <> person_id then ended_at end as ended_at,
    own_id <> person_id as has_ended
from lead_people
union all
select
    record_id,
    own_id,
    person_id,
    case when own_id <> person_id then merged_at end as ended_at,
    own_id <> person_id as has_ended
from contact_people
