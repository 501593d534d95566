-- Each row of the table is in one row here: in a raw table, or left out for a reason.
with

outcomes as (

    select
        'event' as vendor_table,
        case when left_out is null then 'web.events' end as table_name,
        left_out as reason
    from {{ ref('ga4__events') }}

)

{{ count_outcomes() }}
