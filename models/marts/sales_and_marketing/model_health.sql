with

scored_models as (

    select * from {{ ref('scored_models') }}

),

thresholds as (

    select * from {{ ref('thresholds') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

lead_outcomes as (

    select * from {{ ref('int_lead_outcomes') }}

),

model_outcomes as (

    select * from {{ ref('model_outcomes') }}

),

rule_health as (

    select * from {{ ref('rule_health') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from as_of_dates

),

leads as (

    select
        as_of_date,
        model_id,
        count(*) as leads_scored,
        count(case when has_outcome then 1 end) as outcomes
    from lead_outcomes
    group by as_of_date, model_id

),

-- Of what nobody can tell yet there is nothing to talk about.
rules as (

    select
        model_id,
        count(*) as rules,
        count(nullif(finding, 'too_few_outcomes')) as rules_with_findings
    from rule_health
    group by model_id

),

measured as (

    select
        newest_day.as_of_date,
        scored_models.model_id,
        model_outcomes.outcome,
        model_outcomes.outcome_text,
        coalesce(leads.leads_scored, 0) as leads_scored,
        coalesce(leads.outcomes, 0) as outcomes,
        coalesce(leads.leads_scored - leads.outcomes, 0) as others,
        thresholds.leads_needed,
        thresholds.outcomes_needed,
        coalesce(rules.rules, 0) as rules,
        coalesce(rules.rules_with_findings, 0) as rules_with_findings
    from scored_models
    cross join newest_day
    cross join thresholds
    inner join model_outcomes on scored_models.model_id = model_outcomes.model_id
    left join leads
        on newest_day.as_of_date = leads.as_of_date and scored_models.model_id = leads.model_id
    left join rules on scored_models.model_id = rules.model_id

),

missed as (

    select
        *,
        case
            when leads_scored < leads_needed
                then ', ' || (leads_needed - leads_scored) || ' leads'
            else ''
        end || case
            when outcomes < outcomes_needed
                then ', ' || (outcomes_needed - outcomes) || ' with ' || outcome_text
            else ''
        end || case
            when others < outcomes_needed
                then ', ' || (outcomes_needed - others) || ' without one'
            else ''
        end as missing
    from measured

)

select
    as_of_date,
    model_id,
    leads_scored,
    outcomes,
    leads_needed,
    outcomes_needed,
    missing = '' as is_enough,
    case
        when leads_scored >= leads_needed and others = 0
            then
                'Every one of the ' || leads_scored || ' leads of ' || model_id || ' has '
                || outcome_text || ', so that it tells none from another: say in outcomes.csv what'
                || ' else is a success of ' || model_id || case outcome
                    -- Nothing is rarer than what was won: those who bought nothing are not there.
                    when 'won_opportunity' then ', or have the leads read that did not buy.'
                    else ', such as won_opportunity.'
                end
        when leads_scored >= leads_needed and outcomes = 0
            then
                'None of the ' || leads_scored || ' leads of ' || model_id || ' has '
                || outcome_text || ', so that it tells none from another: wait for the first ones,'
                || ' or say in outcomes.csv what else is a success of ' || model_id || '.'
        when missing <> '' then
            'The rules of ' || model_id || ' cannot be judged yet by its ' || leads_scored
            || ' leads, ' || outcomes || ' of them with ' || outcome_text || '; missing: '
            || substr(missing, 3) || '.'
    end as warning,
    rules,
    rules_with_findings,
    outcome_text
from missed
