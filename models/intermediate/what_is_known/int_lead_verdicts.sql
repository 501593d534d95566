with

lead_feedback as (

    select * from {{ ref('stg_crm__lead_feedback') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

lead_verdicts as (

    select
        as_of_dates.as_of_date,
        lead_feedback.lead_id,
        trim(lead_feedback.verdict) as verdict,
        nullif(lower(trim(lead_feedback.reason)), '') as reason,
        lead_feedback.decided_at,
        cast(lead_feedback.decided_at as date) as decided_on
    from lead_feedback
    inner join as_of_dates
        on cast(lead_feedback.decided_at as date) <= as_of_dates.as_of_date
        and {{ is_known_by('lead_feedback', 'as_of_dates') }}
    where trim(lead_feedback.verdict) in ('accepted', 'rejected')

)

select * from lead_verdicts
