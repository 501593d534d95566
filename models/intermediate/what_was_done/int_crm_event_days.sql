{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by='occurred_on',
    pre_hook="{{ delete_changed_loads('crm.activities', 'known_on') }}"
) }}

with

crm_activities as (

    select * from {{ ref('stg_crm__activities') }}

),

followed_activities as (

    select *
    from crm_activities
    where {{ is_followed('crm', 'activity_type') }}

),

read_before as (

    select distinct
        occurred_on,
        activity_id
    from followed_activities
    where {{ was_read_before('crm.activities') }}

),

-- The copy that loaded first counts.
copies as (

    select
        {{ key_of('activities.lead_id') }} as lead_key,
        {{ event_kind_key(
            'crm',
            'activities.activity_type',
            product='activities.product',
            subject='activities.subject'
        ) }} as kind_key,
        activities.occurred_on,
        cast(activities._loaded_at as date) as known_on,
        read_before.activity_id is null
        and row_number() over (
            partition by activities.occurred_on, activities.activity_id
            order by
                activities._loaded_at, activities.occurred_at, activities.lead_id,
                activities.activity_type, activities.product, activities.subject
        ) = 1 as is_first
    from followed_activities as activities
    left join read_before
        on
        activities.occurred_on = read_before.occurred_on
        and activities.activity_id = read_before.activity_id
    where {{ is_newly_loaded('crm.activities') }}

)

select
    'crm.activities' as table_name,
    lead_key,
    kind_key,
    occurred_on,
    known_on,
    count(*) as row_count,
    count(case when is_first then 1 end) as seen_count,
    count(case when is_first then 1 end) as event_count
from copies
group by lead_key, kind_key, occurred_on, known_on
