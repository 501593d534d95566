with

identifications as (

    select * from {{ ref('int_visitor_identifications') }}

),

visitors_read as (

    select * from {{ source('events_read', 'visitors_read') }}

),

named_visitors as (

    select
        visitor_key,
        visitor_id,
        cast({{ dbt.dateadd('day', -var('visitor_lookback_days'), 'min(occurred_on)') }} as date)
            as read_from
    from identifications
    group by visitor_key, visitor_id

)

select
    named_visitors.visitor_key,
    named_visitors.visitor_id,
    named_visitors.read_from,
    coalesce(named_visitors.read_from < visitors_read.read_from, true) as is_new
from named_visitors
left join visitors_read on named_visitors.visitor_key = visitors_read.visitor_key
