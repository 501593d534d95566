{{ config(materialized='table') }}

-- Whoever has an id in Marketo, and who that is today: a lead, or the one that it was merged into.
with

leads as (

    {{ read_vendor_table('marketo', 'lead') }}

),

merges as (

    select * from {{ ref('marketo__merges') }}

),

deletions as (

    {{ read_vendor_table('marketo', 'activity_delete_lead') }}

),

deleted as (

    select
        lead_id,
        min(activity_date) as deleted_at
    from deletions
    group by lead_id

),

ids as (

    select id from leads
    where id is not null
    union
    select loser_id as id from merges

)

select
    ids.id,
    coalesce(merges.survivor_id, ids.id) as person_id,
    leads.email,
    leads.id is not null as is_there,
    merges.loser_id is not null as is_merged,
    merges.merged_at,
    deleted.deleted_at
from ids
left join merges on ids.id = merges.loser_id
left join leads on coalesce(merges.survivor_id, ids.id) = leads.id
left join deleted on ids.id = deleted.lead_id
