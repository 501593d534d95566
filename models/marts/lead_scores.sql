{{ config(materialized='view') }}

with

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

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

scored_models as (

    select * from {{ ref('scored_models') }}

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

)

select
    lead_totals.as_of_date,
    scored_models.model_id,
    profiles.lead_id,
    scored_models.version as model_version,
    profiles.account_id,
    profiles.owner_id,
    cast(lead_totals.demographic_points as decimal(12, 4)) as demographic_points,
    cast(lead_totals.firmographic_points as decimal(12, 4)) as firmographic_points,
    cast(lead_totals.readiness_points as decimal(12, 4)) as readiness_points,
    cast(lead_totals.behavioral_points as decimal(12, 4)) as behavioral_points,
    cast(lead_totals.data_quality_points as decimal(12, 4)) as data_quality_points,
    cast(
        {{ hold_in_ledger('lead_totals.behavioral_points_undecayed') }} as decimal(12, 4)
    ) as behavioral_points_undecayed,
    completeness.completeness_pct,
    lead_totals.fit_score,
    lead_totals.engagement_score,
    cast(lead_totals.score as decimal(12, 4)) as score,
    {{ reason_list('reason') }} as top_reasons,
    {{ reason_list('reason_for') }} as reasons_for,
    {{ reason_list('reason_against') }} as reasons_against,
    profiles.last_activity_on,
    stale_feeds.stale_feeds,
    nullif(people.person_lead_id, people.lead_id) as duplicate_of,
    exclusions.lead_no is not null as is_excluded,
    exclusions.exclusion_reason
from lead_totals
inner join scored_models on lead_totals.model_no = scored_models.model_no
inner join profiles
    on lead_totals.as_of_date = profiles.as_of_date and lead_totals.lead_no = profiles.lead_no
inner join people
    on lead_totals.as_of_date = people.as_of_date and lead_totals.lead_no = people.lead_no
left join stale_feeds on lead_totals.as_of_date = stale_feeds.as_of_date
left join completeness
    on
    lead_totals.as_of_date = completeness.as_of_date
    and lead_totals.model_no = completeness.model_no
    and lead_totals.lead_no = completeness.lead_no
left join exclusions
    on
    lead_totals.as_of_date = exclusions.as_of_date
    and lead_totals.model_no = exclusions.model_no
    and lead_totals.lead_no = exclusions.lead_no
-- The table and not a query of it, which engines would make anew and join without knowing its size.
{{ join_reason_texts('lead_totals', ref('reason_texts')) }}
