with

event_kinds as (

    select * from {{ ref('int_event_kinds') }}

),

campaigns as (

    select * from {{ ref('int_campaigns') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

definitions as (

    select * from {{ ref('activity_definitions') }}

),

-- What is known of a mail's campaign may differ from day to day.
kinds_as_of as (

    select
        as_of_dates.as_of_date,
        event_kinds.kind_key,
        event_kinds.channel,
        event_kinds.event_type,
        event_kinds.url_path,
        event_kinds.search_term,
        coalesce(campaigns.topic, '') as topic,
        coalesce(campaigns.campaign_name, '') as campaign_name,
        coalesce(nullif(event_kinds.product, ''), campaigns.product, '') as product,
        event_kinds.subject
    from event_kinds
    cross join as_of_dates
    left join campaigns
        on
        as_of_dates.as_of_date = campaigns.as_of_date
        and event_kinds.campaign_id = campaigns.campaign_id

),

operands as (

    select distinct
        activity,
        channel,
        event_type,
        attribute,
        operator,
        value as list,
        {{ split_to_trimmed_rows('value') }} as operand
    from definitions
    where operator in ('in', 'not_in')
    union all
    select
        activity,
        channel,
        event_type,
        attribute,
        operator,
        value as list,
        value as operand
    from definitions
    where operator is null or operator not in ('in', 'not_in')

),

compared_with as (

    select
        *,
        case
            when operator = 'not_in'
                then count(*) over (
                        partition by activity, channel, event_type, attribute, operator, list
                    )
            else 1
        end as operands_to_meet,
        {{ operand_columns('operator', 'operand') }}
    from operands

),

candidates as (

    select
        kinds_as_of.as_of_date,
        kinds_as_of.kind_key,
        kinds_as_of.product,
        compared_with.activity,
        compared_with.event_type as defined_event_type,
        compared_with.attribute,
        compared_with.operator,
        compared_with.list,
        compared_with.operands_to_meet,
        compared_with.operand,
        compared_with.lower_operand,
        compared_with.operand_number,
        compared_with.low,
        compared_with.high,
        case compared_with.attribute
            when 'url_path' then kinds_as_of.url_path
            when 'search_term' then kinds_as_of.search_term
            when 'topic' then kinds_as_of.topic
            when 'campaign_name' then kinds_as_of.campaign_name
            when 'product' then kinds_as_of.product
            when 'subject' then kinds_as_of.subject
            when 'activity_type' then kinds_as_of.event_type
        end as value
    from kinds_as_of
    inner join compared_with
        on
        kinds_as_of.channel = compared_with.channel
        and lower(kinds_as_of.event_type)
        = lower(coalesce(compared_with.event_type, kinds_as_of.event_type))

),

compared as (

    select
        *,
        {{ value_columns('value') }}
    from candidates

),

matched as (

    select
        as_of_date,
        kind_key,
        product,
        activity,
        attribute
    from compared
    where
        attribute is null
        or {{ operator_is_met(
            'compared.operator', 'compared', 'compared', ref('activity_definitions')
        ) }}
    group by
        as_of_date, kind_key, product, activity, defined_event_type, attribute, operator, list
    having count(*) >= max(operands_to_meet)

),

-- One definition that names no product is enough to make the activity one of every model's.
event_kind_activities as (

    select
        as_of_date,
        kind_key,
        activity,
        case
            when count(*) = count(case when attribute = 'product' then 1 end)
                then nullif(product, '')
        end as named_product,
        row_number() over (partition by as_of_date, kind_key order by activity) = 1
            as is_first_activity
    from matched
    group by as_of_date, kind_key, activity, product

)

-- Numbered in the order of their names.
select
    as_of_date,
    kind_key,
    cast(dense_rank() over (order by activity, coalesce(named_product, '')) as integer)
        as activity_no,
    activity,
    named_product,
    is_first_activity
from event_kind_activities
