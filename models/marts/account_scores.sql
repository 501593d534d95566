with

profiles as (

    select * from {{ ref('int_lead_profiles') }}

),

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

exclusions as (

    select * from {{ ref('int_exclusions') }}

),

account_rollups as (

    select * from {{ ref('account_rollups') }}

),

account_recency as (

    select * from {{ ref('int_account_recency') }}

),

-- Excluded leads do not speak for their company.
ranked_leads as (

    select
        lead_totals.as_of_date,
        scored_models.model_id,
        profiles.account_id,
        profiles.lead_id,
        cast(lead_totals.score as decimal(12, 4)) as score,
        profiles.job_function,
        account_rollups.next_lead_weight,
        account_rollups.leads_counted,
        account_rollups.max_score,
        coalesce(
            profiles.days_since_last_activity < account_rollups.engaged_within_days, false
        ) as is_engaged,
        row_number() over (
            partition by lead_totals.as_of_date, lead_totals.model_no, profiles.account_id
            order by lead_totals.score desc, profiles.lead_id asc
        ) as place
    from lead_totals
    inner join scored_models on lead_totals.model_no = scored_models.model_no
    inner join account_rollups on scored_models.model_id = account_rollups.model_id
    inner join profiles
        on
        lead_totals.as_of_date = profiles.as_of_date
        and lead_totals.lead_no = profiles.lead_no
    left join exclusions
        on
        lead_totals.as_of_date = exclusions.as_of_date
        and lead_totals.model_no = exclusions.model_no
        and lead_totals.lead_no = exclusions.lead_no
    where profiles.account_id is not null and exclusions.lead_no is null

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
    account_recency.activity_surge,
    summed.best_lead_id,
    summed.best_score,
    account_recency.first_activity_on,
    account_recency.last_activity_on
from summed
left join buying_groups
    on
    summed.as_of_date = buying_groups.as_of_date
    and summed.model_id = buying_groups.model_id
    and summed.account_id = buying_groups.account_id
left join account_recency
    on
    summed.as_of_date = account_recency.as_of_date
    and summed.model_id = account_recency.model_id
    and summed.account_id = account_recency.account_id
