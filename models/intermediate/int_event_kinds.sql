with

events as (

    select * from {{ ref('int_events') }}

),

event_kinds as (

    select distinct
        channel,
        event_type,
        url_path,
        search_term,
        topic,
        campaign_name,
        product,
        subject
    from events

)

select * from event_kinds
