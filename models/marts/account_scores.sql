with

profiles as (

    select * from {{ ref('int_lead_profiles') }}

),

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

leads_not_excluded as (

    select * from {{ ref('int_leads_not_excluded') }}

),

account_rollups as (

    select * from {{ ref('account_rollups') }}

),

lead_recency as (

    select * from {{ ref('int_lead_recency') }}

),

-- Excluded leads do not speak for their company.
ranked_leads as (

    select
        leads_not_excluded.as_of_date,
        leads_not_excluded.model_id,
        leads_not_excluded.account_id,
        leads_not_excluded.lead_id,
        cast(lead_totals.score as decimal(12, 4)) as score,
        profiles.job_function,
        account_rollups.next_lead_weight,
        account_rollups.leads_counted,
        account_rollups.max_score,
        lead_recency.first_activity_days_ago,
        lead_recency.last_activity_days_ago,
        lead_recency.events_of_week,
        lead_recency.events_of_weeks_before,
        coalesce(
            profiles.days_since_last_activity < account_rollups.engaged_within_days, false
        ) as is_engaged,
        row_number() over (
            partition by
                leads_not_excluded.as_of_date, leads_not_excluded.model_no,
                leads_not_excluded.account_id
            order by lead_totals.score desc, leads_not_excluded.lead_id asc
        ) as place
    from leads_not_excluded
    inner join account_rollups on leads_not_excluded.model_id = account_rollups.model_id
    inner join lead_totals
        on
        leads_not_excluded.as_of_date = lead_totals.as_of_date
        and leads_not_excluded.model_no = lead_totals.model_no
        and leads_not_excluded.lead_no = lead_totals.lead_no
    inner join profiles
        on
        leads_not_excluded.as_of_date = profiles.as_of_date
        and leads_not_excluded.lead_no = profiles.lead_no
    left join lead_recency
        on
        leads_not_excluded.as_of_date = lead_recency.as_of_date
        and leads_not_excluded.lead_no = lead_recency.lead_no
    where leads_not_excluded.account_id is not null

),

functions_engaged as (

    select distinct
        as_of_date,
        model_id,
        account_id,
        job_function
    from ranked_leads
    where is_engaged and job_function is not null

),

buying_groups as (

    select
        as_of_date,
        model_id,
        account_id,
        count(*) as engaged_functions,
        {{ dbt.listagg('job_function', "', '", 'order by job_function') }} as buying_group
    from functions_engaged
    group by as_of_date, model_id, account_id

),

summed as (

    select
        as_of_date,
        model_id,
        account_id,
        max_score,
        count(*) as leads,
        count(case when is_engaged then 1 end) as engaged_leads,
        cast(as_of_date - max(first_activity_days_ago) as date) as first_activity_on,
        cast(as_of_date - min(last_activity_days_ago) as date) as last_activity_on,
        {{ activity_surge('sum(events_of_week)', 'sum(events_of_weeks_before)') }}
            as activity_surge,
        max(case when place = 1 then lead_id end) as best_lead_id,
        max(case when place = 1 then score end) as best_score,
        sum(
            case when place <= leads_counted then score * power(next_lead_weight, place - 1) end
        ) as weighted_score
    from ranked_leads
    group by as_of_date, model_id, account_id, max_score

)

select
    summed.as_of_date,
    summed.model_id,
    summed.account_id,
    {{ round_points('least(summed.weighted_score, summed.max_score)') }} as score,
    summed.leads,
    summed.engaged_leads,
    coalesce(buying_groups.engaged_functions, 0) as engaged_functions,
    buying_groups.buying_group,
    summed.activity_surge,
    summed.best_lead_id,
    summed.best_score,
    summed.first_activity_on,
    summed.last_activity_on
from summed
left join buying_groups
    on
    summed.as_of_date = buying_groups.as_of_date
    and summed.model_id = buying_groups.model_id
    and summed.account_id = buying_groups.account_id
