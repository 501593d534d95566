with

profiles as (

    select * from {{ ref('int_lead_profiles') }}

),

people as (

    select * from {{ ref('int_people') }}

),

completeness as (

    select * from {{ ref('int_lead_completeness') }}

),

exclusions as (

    select * from {{ ref('int_exclusions') }}

),

dimension_points as (

    select * from {{ ref('dimension_points') }}

),

rule_points as (

    select * from {{ ref('rule_points') }}

),

score_points as (

    select * from {{ ref('score_points') }}

),

feeds as (

    select * from {{ ref('int_feeds') }}

),

stale_feeds as (

    select
        as_of_date,
        {{ dbt.listagg(
            "table_name || ' since ' || cast(last_loaded_on as " ~ dbt.type_string() ~ ")",
            "'; '",
            'order by table_name'
        ) }} as stale_feeds
    from feeds
    where is_stale
    group by as_of_date

),

points_side_by_side as (

    select
        as_of_date,
        model_id,
        lead_id,
        sum(case when dimension = 'demographic' then points else 0 end) as demographic_points,
        sum(case when dimension = 'firmographic' then points else 0 end) as firmographic_points,
        sum(case when dimension = 'readiness' then points else 0 end) as readiness_points,
        sum(case when dimension = 'behavioral' then points else 0 end) as behavioral_points,
        sum(case when dimension = 'data_quality' then points else 0 end) as data_quality_points
    from dimension_points
    group by as_of_date, model_id, lead_id

),

undecayed as (

    select
        as_of_date,
        model_id,
        lead_id,
        sum(raw_points) as behavioral_points_undecayed
    from rule_points
    where dimension = 'behavioral'
    group by as_of_date, model_id, lead_id

),

reasons as (

    select * from {{ ref('top_reasons') }}

)

select
    score_points.as_of_date,
    score_points.model_id,
    score_points.lead_id,
    score_points.model_version,
    profiles.account_id,
    cast(points_side_by_side.demographic_points as decimal(12, 4)) as demographic_points,
    cast(points_side_by_side.firmographic_points as decimal(12, 4)) as firmographic_points,
    cast(points_side_by_side.readiness_points as decimal(12, 4)) as readiness_points,
    cast(points_side_by_side.behavioral_points as decimal(12, 4)) as behavioral_points,
    cast(points_side_by_side.data_quality_points as decimal(12, 4)) as data_quality_points,
    cast(
        {{ hold_in_ledger('coalesce(undecayed.behavioral_points_undecayed, 0)') }}
        as decimal(12, 4)
    ) as behavioral_points_undecayed,
    completeness.completeness_pct,
    cast(score_points.fit_score as decimal(7, 4)) as fit_score,
    cast(score_points.engagement_score as decimal(7, 4)) as engagement_score,
    score_points.score,
    reasons.top_reasons,
    reasons.reasons_for,
    reasons.reasons_against,
    profiles.last_activity_on,
    stale_feeds.stale_feeds,
    nullif(people.person_lead_id, people.lead_id) as duplicate_of,
    exclusions.lead_id is not null as is_excluded,
    exclusions.exclusion_reason
from score_points
inner join profiles
    on score_points.as_of_date = profiles.as_of_date
    and score_points.lead_id = profiles.lead_id
inner join people
    on score_points.as_of_date = people.as_of_date
    and score_points.lead_id = people.lead_id
inner join points_side_by_side
    on score_points.as_of_date = points_side_by_side.as_of_date
    and score_points.model_id = points_side_by_side.model_id
    and score_points.lead_id = points_side_by_side.lead_id
left join stale_feeds on score_points.as_of_date = stale_feeds.as_of_date
left join completeness
    on score_points.as_of_date = completeness.as_of_date
    and score_points.model_id = completeness.model_id
    and score_points.lead_id = completeness.lead_id
left join undecayed
    on score_points.as_of_date = undecayed.as_of_date
    and score_points.model_id = undecayed.model_id
    and score_points.lead_id = undecayed.lead_id
left join reasons
    on score_points.as_of_date = reasons.as_of_date
    and score_points.model_id = reasons.model_id
    and score_points.lead_id = reasons.lead_id
left join exclusions
    on score_points.as_of_date = exclusions.as_of_date
    and score_points.model_id = exclusions.model_id
    and score_points.lead_id = exclusions.lead_id
