{{ config(materialized='table', post_hook="{{ refuse_circles(this, 'Salesforce') }}") }}

with recursive

leads as (

    select * from {{ ref('salesforce__lead_versions') }}

),

contacts as (

    select * from {{ ref('salesforce__contact_versions') }}

),

accounts as (

    select * from {{ ref('salesforce__account_versions') }}

),

-- Whoever was merged into another is deleted and names the one that is left.
pairs as (

    select
        id as loser_id,
        master_record_id as winner_id,
        min(updated_at) as merged_at
    from (
        select
            id,
            master_record_id,
            updated_at
        from leads
        where is_deleted
        union all
        select
            id,
            master_record_id,
            updated_at
        from contacts
        where is_deleted
        union all
        select
            id,
            master_record_id,
            updated_at
        from accounts
        where is_deleted
    ) as losers
    where master_record_id <> id
    group by id, master_record_id

),

{{ follow_merges() }},

times as (

    select
        loser_id,
        min(merged_at) as merged_at
    from pairs
    group by loser_id

)

select
    survivors.loser_id,
    survivors.survivor_id,
    times.merged_at
from survivors
inner join times on survivors.loser_id = times.loser_id
