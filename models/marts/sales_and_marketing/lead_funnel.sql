with

lead_stages as (

    select * from {{ ref('lead_stages') }}
    where is_scored

),

kept_out_leads as (

    select * from {{ ref('kept_out_leads') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

stages as (

    select * from {{ ref('funnel_stages') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

leads as (

    select
        model_id,
        lead_id,
        max(case when holds then position end) as standing
    from lead_stages
    group by model_id, lead_id

),

standing as (

    select
        model_id,
        standing as position,
        count(*) as leads
    from leads
    group by model_id, standing

),

kept_out as (

    select
        leads.model_id,
        leads.standing as position,
        kept_out_leads.reason,
        count(*) as leads
    from leads
    inner join kept_out_leads
        on leads.model_id = kept_out_leads.model_id and leads.lead_id = kept_out_leads.lead_id
    group by leads.model_id, leads.standing, kept_out_leads.reason

),

kept_out_of_stages as (

    select
        model_id,
        position,
        sum(leads) as leads,
        {{ dbt.listagg(
            "reason || ' (' || cast(leads as " ~ dbt.type_string() ~ ") || ')'", "'; '",
            'order by leads desc, reason'
        ) }} as reasons
    from kept_out
    group by model_id, position

),

-- Who was in a stage, and when it came to one of those behind it, for the first and the last time.
passages as (

    select
        model_id,
        position,
        happened_on,
        known_since,
        min(happened_on) over (
            partition by model_id, lead_id order by position desc
            rows between unbounded preceding and 1 preceding
        ) as went_on_on,
        max(last_happened_on) over (
            partition by model_id, lead_id order by position desc
            rows between unbounded preceding and 1 preceding
        ) as last_went_on_on
    from lead_stages

),

-- Of a lead of which nobody knows since when it was in its stage nobody knows what came after that:
-- an opportunity of last year is not where it went on to. Without the day it came it says nothing.
reached as (

    select
        model_id,
        position,
        count(*) as leads,
        count(case when known_since is null then 1 end) as of_unknown_day,
        count(case when last_went_on_on >= known_since then 1 end) as moved_on
    from passages
    group by model_id, position

),

stays as (

    select
        model_id,
        position,
        {{ median_of(dbt.datediff('known_since', 'went_on_on', 'day')) }} as median_days_in_stage
    from passages
    where went_on_on >= known_since
    group by model_id, position

),

-- A lead that skips a stage has not reached it.
funnel as (

    select
        newest_day.as_of_date,
        scored_models.model_id,
        stages.position,
        stages.stage,
        stages.owner,
        stages.description,
        max(stages.position) over () as last_position,
        coalesce(standing.leads, 0) as leads_now,
        coalesce(reached.leads, 0) as leads_reached,
        coalesce(reached.of_unknown_day, 0) as leads_of_unknown_day,
        coalesce(reached.moved_on, 0) as leads_moved_on
    from scored_models
    cross join newest_day
    cross join stages
    left join standing
        on scored_models.model_id = standing.model_id and stages.position = standing.position
    left join reached
        on scored_models.model_id = reached.model_id and stages.position = reached.position

),

followed as (

    select
        *,
        leads_reached - leads_of_unknown_day as leads_of_known_day,
        case when position < last_position then leads_moved_on end as moved_on
    from funnel

)

select
    followed.as_of_date,
    followed.model_id,
    followed.position,
    followed.stage,
    followed.owner,
    followed.description,
    cast(followed.leads_now as {{ dbt.type_bigint() }}) as leads_now,
    cast(followed.leads_reached as {{ dbt.type_bigint() }}) as leads_reached,
    cast(followed.leads_of_unknown_day as {{ dbt.type_bigint() }}) as leads_of_unknown_day,
    cast(followed.moved_on as {{ dbt.type_bigint() }}) as moved_on,
    {{ share_with_interval('followed.moved_on', 'followed.leads_of_known_day', 'conversion') }},
    cast(stays.median_days_in_stage as decimal(9, 1)) as median_days_in_stage,
    cast(coalesce(kept_out_of_stages.leads, 0) as {{ dbt.type_bigint() }}) as leads_kept_out,
    kept_out_of_stages.reasons as kept_out_because
from followed
left join stays on followed.model_id = stays.model_id and followed.position = stays.position
left join kept_out_of_stages
    on
    followed.model_id = kept_out_of_stages.model_id
    and followed.position = kept_out_of_stages.position
where followed.position > 0 or followed.leads_now > 0
