{{ config(materialized='view') }}

with

lead_scores as (

    select * from {{ ref('lead_scores') }}

),

lead_tiers as (

    select * from {{ source('tiering', 'lead_tiers') }}

),

-- Of the totals that lead_scores shows: its texts need not be made for it.
newest_day as (

    select max(as_of_date) as newest_as_of_date from {{ ref('lead_totals') }}

),

newest_scores as (

    select lead_scores.*
    from lead_scores
    inner join newest_day on lead_scores.as_of_date = newest_day.newest_as_of_date

)

select
    newest_scores.model_id,
    newest_scores.lead_id,
    newest_scores.as_of_date,
    newest_scores.model_version,
    newest_scores.account_id,
    newest_scores.owner_id,
    lead_tiers.grade,
    lead_tiers.temperature,
    lead_tiers.tier,
    lead_tiers.previous_tier,
    lead_tiers.tier_since,
    lead_tiers.is_new_tier,
    lead_tiers.stage,
    lead_tiers.action,
    lead_tiers.sla_hours,
    lead_tiers.tier_by_score,
    lead_tiers.tier_reason,
    newest_scores.score,
    newest_scores.fit_score,
    newest_scores.engagement_score,
    newest_scores.demographic_points,
    newest_scores.firmographic_points,
    newest_scores.readiness_points,
    newest_scores.behavioral_points,
    newest_scores.data_quality_points,
    newest_scores.behavioral_points_undecayed,
    newest_scores.completeness_pct,
    newest_scores.top_reasons,
    newest_scores.reasons_for,
    newest_scores.reasons_against,
    newest_scores.last_activity_on,
    newest_scores.stale_feeds,
    newest_scores.duplicate_of,
    newest_scores.is_excluded,
    newest_scores.exclusion_reason
from newest_scores
left join lead_tiers
    on newest_scores.as_of_date = lead_tiers.as_of_date
    and newest_scores.model_id = lead_tiers.model_id
    and newest_scores.lead_id = lead_tiers.lead_id
