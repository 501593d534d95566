{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_changed_days('crm.activities') }}"
) }}

with

crm_activities as (

    select * from {{ ref('stg_crm__activities') }}

),

-- The copy that loaded first counts.
copies as (

    select
        {{ key_of('lead_id') }} as lead_key,
        {{ event_kind_key('crm', 'activity_type', product='product', subject='subject') }}
            as kind_key,
        occurred_on,
        cast(_loaded_at as date) as known_on,
        row_number() over (
            partition by occurred_on, activity_id
            order by _loaded_at, occurred_at, lead_id, activity_type, product, subject
        ) as copy_number
    from crm_activities
    where {{ is_on_changed_day('crm.activities') }} and {{ is_followed('crm', 'activity_type') }}

)

select
    'crm.activities' as table_name,
    lead_key,
    kind_key,
    occurred_on,
    known_on,
    count(*) as row_count,
    count(case when copy_number = 1 then 1 end) as seen_count,
    count(case when copy_number = 1 then 1 end) as event_count
from copies
group by lead_key, kind_key, occurred_on, known_on
