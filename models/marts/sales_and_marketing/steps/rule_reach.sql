with

rules as (

    select * from {{ ref('rules') }}
    where kind <> 'cap' and model_no is not null

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

lead_outcomes as (

    select * from {{ ref('int_lead_outcomes') }}

),

rule_points as (

    select * from {{ ref('rule_points') }}

),

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

valid_rules as (

    select
        newest_day.as_of_date,
        rules.*,
        cast(rules.max_points as {{ type_points() }}) as most_points
    from rules
    cross join newest_day
    where {{ is_valid_on('rules', 'newest_day.as_of_date') }}

),

-- What the limits of a dimension and of the score add to a lead (below 0: take from it).
leads as (

    select
        lead_outcomes.as_of_date,
        lead_outcomes.model_no,
        lead_outcomes.lead_no,
        lead_outcomes.lead_key,
        lead_outcomes.has_outcome,
        lead_totals.score <> lead_totals.dimension_points
        or {{ sum_of_dimensions(
            'abs(lead_totals.{}_points - lead_totals.{}_rule_points)'
        ) }} > 0 as is_limited,
        sign(lead_totals.score - lead_totals.dimension_points) as score_direction,
        {{ each_dimension(
            'sign(lead_totals.{}_points - lead_totals.{}_rule_points) as {}_direction'
        ) }}
    from lead_outcomes
    inner join lead_totals
        on
        lead_outcomes.as_of_date = lead_totals.as_of_date
        and lead_outcomes.model_no = lead_totals.model_no
        and lead_outcomes.lead_no = lead_totals.lead_no

),

-- A limit undoes points of the sign that it takes.
rules_met as (

    select
        rule_points.rule_no,
        leads.lead_key,
        leads.has_outcome,
        case
            when
                abs(rule_points.points) = valid_rules.most_points
                and abs(rule_points.raw_points) > valid_rules.most_points
                then true
            -- Most are held by no limit: asked first, as it saves the arithmetic of all others.
            when not leads.is_limited then false
            else
                sign(rule_points.points)
                * {{ of_dimension('valid_rules.dimension', 'leads.{}_direction') }} < 0
                or sign(rule_points.points) * leads.score_direction < 0
        end as is_capped
    from rule_points
    -- Left, so that no engine pairs each rule with each lead of its model first.
    left join valid_rules
        on
        rule_points.as_of_date = valid_rules.as_of_date
        and rule_points.rule_no = valid_rules.rule_no
    inner join leads
        on
        rule_points.as_of_date = leads.as_of_date
        and valid_rules.model_no = leads.model_no
        and rule_points.lead_no = leads.lead_no

),

counted as (

    select
        rule_no,
        count(*) as leads_met,
        count(case when has_outcome then 1 end) as outcomes_met,
        count(case when is_capped then 1 end) as leads_capped,
        sum(lead_key) as lead_keys
    from rules_met
    group by rule_no

)

select
    valid_rules.as_of_date,
    valid_rules.model_id,
    valid_rules.rule_id,
    valid_rules.dimension,
    valid_rules.reason,
    valid_rules.owner,
    valid_rules.points,
    coalesce(counted.leads_met, 0) as leads_met,
    coalesce(counted.outcomes_met, 0) as outcomes_met,
    coalesce(counted.leads_capped, 0) as leads_capped,
    counted.lead_keys
from valid_rules
left join counted on valid_rules.rule_no = counted.rule_no
