with

web_events as (

    select * from {{ ref('stg_web__events') }}

),

leads as (

    select * from {{ ref('stg_crm__leads') }}

),

known_visitors as (

    select distinct web_events.visitor_id
    from web_events
    inner join leads on web_events.email = leads.email
    where web_events.visitor_id is not null

)

select * from known_visitors
