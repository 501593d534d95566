with

event_kinds as (

    select * from {{ ref('int_event_kinds') }}

),

definitions as (

    select * from {{ ref('activity_definitions') }}

),

operands as (

    select
        activity,
        channel,
        event_type,
        attribute,
        operator,
        trim({{ split_to_rows('value') }}) as operand
    from definitions
    where operator = 'in'
    union all
    select
        activity,
        channel,
        event_type,
        attribute,
        operator,
        value as operand
    from definitions
    where operator is null or operator <> 'in'

),

candidates as (

    select
        event_kinds.*,
        operands.activity,
        operands.attribute,
        operands.operator,
        operands.operand,
        case operands.attribute
            when 'url_path' then event_kinds.url_path
            when 'search_term' then event_kinds.search_term
            when 'topic' then event_kinds.topic
            when 'campaign_name' then event_kinds.campaign_name
            when 'product' then event_kinds.product
            when 'subject' then event_kinds.subject
            when 'activity_type' then event_kinds.event_type
        end as value
    from event_kinds
    inner join operands
        on event_kinds.channel = operands.channel
        and lower(event_kinds.event_type)
        = lower(coalesce(operands.event_type, event_kinds.event_type))

),

matched as (

    select *
    from candidates
    where attribute is null or {{ operator_is_met('operator', 'value', 'operand') }}

),

-- One definition that names no product is enough to make the activity one of every model's.
event_kind_activities as (

    select
        channel,
        event_type,
        url_path,
        search_term,
        topic,
        campaign_name,
        product,
        subject,
        activity,
        case when count(*) = count(case when attribute = 'product' then 1 end) then product end
            as named_product,
        row_number() over (
            partition by
                channel, event_type, url_path, search_term, topic, campaign_name, product, subject
            order by activity
        ) = 1 as is_first_activity
    from matched
    group by
        channel, event_type, url_path, search_term, topic, campaign_name, product, subject,
        activity

)

select * from event_kind_activities
