{{ config(materialized='table', post_hook="{{ refuse_circles(this, 'HubSpot') }}") }}

with recursive

contacts as (

    {{ read_vendor_table('hubspot', 'contact') }}

),

audits as (

    {{ read_vendor_table('hubspot', 'contact_merge_audit') }}

),

listed as (

    select
        id as winner_id,
        {{ split_to_rows('property_hs_merged_object_ids', ';') }} as loser_id
    from contacts
    where property_hs_merged_object_ids is not null

),

pairs as (

    select
        trim(loser_id) as loser_id,
        winner_id
    from listed
    where trim(loser_id) not in ('', winner_id)
    union
    select
        vid_to_merge as loser_id,
        canonical_vid as winner_id
    from audits
    where vid_to_merge <> canonical_vid

),

{{ follow_merges() }},

times as (

    select
        vid_to_merge as loser_id,
        min(timestamp) as merged_at
    from audits
    group by vid_to_merge

)

select
    survivors.loser_id,
    survivors.survivor_id,
    times.merged_at
from survivors
left join times on survivors.loser_id = times.loser_id
