with

machine_patterns as (

    select * from {{ ref('machine_patterns') }}

),

machine_limits as (

    select * from {{ ref('machine_limits') }}

),

followed_event_types as (

    select * from {{ ref('followed_event_types') }}

),

-- Whatever decides how raw rows are folded; the first line is to be counted up with the SQL of it.
parts as (

    select 'fold 3, keys by ' || {{ engine_version() }} as part
    union all
    select kind || ' ' || pattern as part
    from machine_patterns
    union all
    select
        'scanners '
        || cast(links_of_one_mail_seconds as {{ dbt.type_string() }}) || ' '
        || cast(click_after_delivery_seconds as {{ dbt.type_string() }}) as part
    from machine_limits
    union all
    select channel || ' ' || event_type as part
    from followed_event_types

)

select md5({{ dbt.listagg('part', "'; '", 'order by part') }}) as definition
from parts
