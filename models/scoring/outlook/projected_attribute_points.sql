with

candidates as (

    select * from {{ ref('outlook_candidates') }}

),

lead_values as (

    select * from {{ ref('int_lead_values') }}

),

completeness as (

    select * from {{ ref('int_lead_completeness') }}

),

value_points as (

    select * from {{ ref('value_points') }}

),

projected_recency as (

    select * from {{ ref('projected_recency') }}

),

rule_operands as (

    select * from {{ ref('rule_operands') }}

),

projected_rules as (

    select * from {{ ref('projected_rules') }}

),

-- What is known of a lead stays as it is; what it gives may end as days go by.
lasting_points as (

    select
        candidates.candidate_no,
        candidates.as_of_date,
        value_points.rule_no,
        value_points.valid_from,
        value_points.valid_to
    from candidates
    inner join lead_values
        on
        candidates.as_of_date = lead_values.as_of_date
        and candidates.lead_no = lead_values.lead_no
    inner join value_points
        on
        lead_values.value_no = value_points.value_no
        and candidates.model_no = value_points.model_no
    where value_points.attribute not in ('{{ recency_attributes() | join("', '") }}')
    union all
    select
        candidates.candidate_no,
        candidates.as_of_date,
        value_points.rule_no,
        value_points.valid_from,
        value_points.valid_to
    from candidates
    inner join completeness
        on
        candidates.as_of_date = completeness.as_of_date
        and candidates.model_no = completeness.model_no
        and candidates.lead_no = completeness.lead_no
    inner join value_points
        on
        completeness.value_no = value_points.value_no
        and candidates.model_no = value_points.model_no

),

distinct_recency_values as (

    select distinct
        attribute,
        value
    from projected_recency

),

recency_values as (

    select
        row_number() over (order by attribute, value) as value_no,
        attribute,
        value
    from distinct_recency_values

),

recency_matches as (

    {{ match_values('recency_values', 'rule_operands', ref('rules')) }}

),

-- What a value gives is settled before it is set beside leads, so that an engine that knows
-- nothing of these tables yet does not pair all leads with all rules first.
recency_points as (

    select distinct
        recency_values.attribute,
        recency_values.value,
        projected_rules.rule_no,
        projected_rules.model_no,
        projected_rules.from_day,
        projected_rules.until_day
    from recency_values
    inner join recency_matches on recency_values.value_no = recency_matches.value_no
    inner join projected_rules on recency_matches.rule_no = projected_rules.rule_no

),

pieces as (

    select
        lasting_points.candidate_no,
        projected_rules.rule_no,
        greatest(
            projected_rules.from_day,
            {{ days_between('lasting_points.as_of_date', 'lasting_points.valid_from') }}
        ) as from_day,
        least(
            projected_rules.until_day,
            {{ days_between('lasting_points.as_of_date', 'lasting_points.valid_to') }}
        ) as until_day
    from lasting_points
    inner join projected_rules on lasting_points.rule_no = projected_rules.rule_no
    union all
    select
        candidates.candidate_no,
        recency_points.rule_no,
        greatest(projected_recency.from_day, recency_points.from_day) as from_day,
        least(projected_recency.until_day, recency_points.until_day) as until_day
    from projected_recency
    inner join recency_points
        on
        projected_recency.attribute = recency_points.attribute
        and projected_recency.value = recency_points.value
    inner join candidates
        on
        projected_recency.lead_no = candidates.lead_no
        and recency_points.model_no = candidates.model_no

)

select
    pieces.candidate_no,
    pieces.rule_no,
    projected_rules.dimension,
    pieces.from_day,
    pieces.until_day,
    projected_rules.points
from pieces
inner join projected_rules on pieces.rule_no = projected_rules.rule_no
where pieces.from_day < pieces.until_day
