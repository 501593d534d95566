with

feedback as (

    select * from {{ ref('stg_crm__lead_feedback') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

rest_periods as (

    select * from {{ ref('rest_periods') }}

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
            order by feedback.decided_at desc, feedback._loaded_at desc, feedback.verdict desc
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

cool_downs as (

    select
        rejections.as_of_date,
        rejections.lead_id,
        rejections.rejected_on,
        rejections.reason as recycle_reason,
        case
            when named.reason is not null then named.rest_days
            when others.reason is not null then others.rest_days
            else 0
        end as rest_days
    from rejections
    left join rest_periods as named on lower(rejections.reason) = named.reason
    left join rest_periods as others on others.reason = ''

)

select
    as_of_date,
    lead_id,
    rejected_on,
    recycle_reason,
    cast(rejected_on + rest_days as date) as rests_until
from cool_downs
where rest_days is null or rejected_on + rest_days > as_of_date
