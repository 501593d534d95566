{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook=[
        "{{ delete_changed_days('crm.activities') }}",
        "{{ delete_changed_days('email.events') }}",
        "{{ delete_changed_days('web.events') }}",
    ]
) }}

with

usable_rows as (

    select
        'crm.activities' as table_name,
        occurred_on
    from {{ ref('stg_crm__activities') }}
    where {{ is_on_changed_day('crm.activities') }}
    union all
    select
        'email.events' as table_name,
        occurred_on
    from {{ ref('stg_email__events') }}
    where {{ is_on_changed_day('email.events') }}
    union all
    select
        'web.events' as table_name,
        occurred_on
    from {{ ref('stg_web__events') }}
    where {{ is_on_changed_day('web.events') }}

)

select
    table_name,
    occurred_on,
    count(*) as row_count
from usable_rows
group by table_name, occurred_on
