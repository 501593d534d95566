-- depends_on: {{ ref('rule_book_problems') }}
with

definitions as (

    select * from {{ ref('activities') }}

),

activity_definitions as (

    select
        trim(activity) as activity,
        trim(channel) as channel,
        {{ optional_text('event_type') }} as event_type,
        {{ optional_text('attribute') }} as attribute,
        {{ optional_text('operator') }} as operator,
        coalesce(trim(value), '') as value
    from definitions

)

select * from activity_definitions
