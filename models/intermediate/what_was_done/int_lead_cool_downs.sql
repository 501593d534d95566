with

feedback as (

    select * from {{ ref('stg_crm__lead_feedback') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

cool_downs as (

    select
        lower(coalesce(trim(reason), '')) as reason,
        cast({{ read_number('rest_days') }} as integer) as days
    from {{ ref('recycling') }}

),

verdicts as (

    select
        as_of_dates.as_of_date,
        feedback.lead_id,
        feedback.verdict,
        feedback.reason,
        cast(feedback.decided_at as date) as rejected_on,
        row_number() over (
            partition by as_of_dates.as_of_date, feedback.lead_id
            order by
                feedback.decided_at desc nulls last, feedback._loaded_at desc nulls last,
                feedback.verdict desc nulls last
        ) as recency
    from feedback
    inner join as_of_dates
        on
        cast(feedback.decided_at as date) <= as_of_dates.as_of_date
        and {{ is_known_by('feedback', 'as_of_dates') }}

),

-- The latest verdict counts: an acceptance ends a cool-down.
rejections as (

    select *
    from verdicts
    where recency = 1 and verdict = 'rejected'

),

cooling_down as (

    select
        rejections.as_of_date,
        rejections.lead_id,
        rejections.rejected_on,
        rejections.reason as recycle_reason,
        case
            when named.reason is not null then named.days
            when others.reason is not null then others.days
            else 0
        end as days
    from rejections
    left join cool_downs as named on lower(rejections.reason) = named.reason
    left join cool_downs as others on others.reason = ''

)

select
    as_of_date,
    lead_id,
    rejected_on,
    recycle_reason,
    cast(rejected_on + days as date) as cools_down_until
from cooling_down
where days is null or rejected_on + days > as_of_date
