{{ config(materialized='table', post_hook="{{ refuse_circles(this, 'Marketo') }}") }}

with recursive

merges as (

    {{ read_vendor_table('marketo', 'activity_merge_leads') }}

),

listed as (

    select
        lead_id as winner_id,
        activity_date,
        {{ split_to_rows("regexp_replace(merge_ids, '[^0-9,]', '', 'g')", ',') }} as loser_id
    from merges
    where merge_ids is not null

),

pairs as (

    select distinct
        loser_id,
        winner_id
    from listed
    where loser_id <> '' and loser_id <> winner_id

),

{{ follow_merges() }},

times as (

    select
        loser_id,
        min(activity_date) as merged_at
    from listed
    group by loser_id

)

select
    survivors.loser_id,
    survivors.survivor_id,
    times.merged_at
from survivors
left join times on survivors.loser_id = times.loser_id
