with

reach as (

    select * from {{ ref('rule_reach') }}

),

thresholds as (

    select * from {{ ref('thresholds') }}

),

lead_outcomes as (

    select * from {{ ref('int_lead_outcomes') }}

),

model_outcomes as (

    select * from {{ ref('model_outcomes') }}

),

rule_values as (

    select * from {{ ref('rule_values') }}

),

-- Equal counts and equal sums of 63-bit keys: the leads are the same.
twins as (

    select
        ours.model_id,
        ours.rule_id,
        min(theirs.rule_id) as same_leads_as
    from reach as ours
    inner join reach as theirs
        on
        ours.model_id = theirs.model_id
        and ours.leads_met = theirs.leads_met
        and ours.lead_keys = theirs.lead_keys
        and ours.rule_id <> theirs.rule_id
    inner join thresholds on ours.leads_met >= thresholds.rule_leads_needed
    group by ours.model_id, ours.rule_id

),

totals as (

    select
        as_of_date,
        model_id,
        count(*) as leads_scored,
        count(case when has_outcome then 1 end) as outcomes
    from lead_outcomes
    group by as_of_date, model_id

),

measured as (

    select
        reach.*,
        model_outcomes.outcome_text,
        rule_values.attribute,
        rule_values.best_points,
        twins.same_leads_as,
        coalesce(totals.leads_scored, 0) as leads_scored,
        coalesce(totals.leads_scored, 0) - reach.leads_met as leads_not_met,
        coalesce(totals.outcomes, 0) - reach.outcomes_met as outcomes_not_met
    from reach
    inner join model_outcomes on reach.model_id = model_outcomes.model_id
    left join twins on reach.model_id = twins.model_id and reach.rule_id = twins.rule_id
    left join totals
        on reach.as_of_date = totals.as_of_date and reach.model_id = totals.model_id
    left join rule_values
        on reach.model_id = rule_values.model_id and reach.rule_id = rule_values.rule_id

),

compared as (

    select
        *,
        {{ percentage_of('leads_met', 'leads_scored') }} as met_pct,
        {{ percentage_of('leads_capped', 'leads_met') }} as capped_pct,
        {{ share_with_interval(
            'outcomes_met', 'leads_met', 'conversion_met', 'conversion_met'
        ) }},
        {{ share_with_interval(
            'outcomes_not_met', 'leads_not_met', 'conversion_not_met', 'conversion_not_met'
        ) }}
    from measured

),

-- Of several findings the one to act on first.
judged as (

    select
        compared.*,
        case
            when compared.leads_scored < thresholds.leads_needed then 'too_few_outcomes'
            when
                compared.leads_met >= thresholds.rule_leads_needed
                and compared.leads_not_met >= thresholds.rule_leads_needed
                and case
                    when compared.points > 0
                        then compared.conversion_met_high < compared.conversion_not_met_low
                    when compared.points < 0
                        then compared.conversion_met_low > compared.conversion_not_met_high
                end
                then 'points_the_wrong_way'
            when compared.points = 0 then 'gives_no_points'
            when compared.leads_met = 0 then 'never_fires'
            when compared.leads_not_met = 0 then 'always_fires'
            when compared.same_leads_as is not null then 'duplicates'
            when
                compared.capped_pct >= thresholds.mostly_capped_pct
                and compared.leads_met >= thresholds.rule_leads_needed
                then 'mostly_capped_away'
            when
                compared.leads_met < thresholds.rule_leads_needed
                or compared.leads_not_met < thresholds.rule_leads_needed
                or compared.outcomes_met + compared.outcomes_not_met < thresholds.outcomes_needed
                or compared.leads_scored - compared.outcomes_met - compared.outcomes_not_met
                < thresholds.outcomes_needed
                then 'too_few_outcomes'
        end as finding
    from compared
    cross join thresholds

)

select
    as_of_date,
    model_id,
    rule_id,
    dimension,
    reason,
    owner,
    cast(points as decimal(12, 4)) as points,
    leads_scored,
    leads_met,
    met_pct,
    capped_pct,
    same_leads_as,
    outcomes_met,
    conversion_met,
    conversion_met_low,
    conversion_met_high,
    leads_not_met,
    outcomes_not_met,
    conversion_not_met,
    conversion_not_met_low,
    conversion_not_met_high,
    finding,
    case finding
        when 'points_the_wrong_way'
            then
                'Worth ' || {{ format_points('points') }} || ' points, but '
                || {{ format_share('conversion_met') }} || ' of the ' || leads_met
                || ' leads that meet it have ' || outcome_text || ', and '
                || {{ format_share('conversion_not_met') }} || ' of the ' || leads_not_met
                || ' others: the difference is more than chance.'
        when 'gives_no_points'
            then 'Worth no points: no score shows whom it reaches.'
        when 'never_fires'
            then
                'None of the ' || leads_scored || ' leads that are not excluded meets it.'
        when 'always_fires'
            then
                'All ' || leads_scored
                || ' leads that are not excluded meet it: it tells none from another.'
        when 'duplicates'
            then
                'Met by the same ' || leads_met || ' leads as ' || same_leads_as
                || ': one fact counts twice.'
        when 'mostly_capped_away'
            then
                'For ' || leads_capped || ' of the ' || leads_met
                || ' leads that meet it a limit undoes some of its points: '
                || 'its weight hardly matters.'
        when 'too_few_outcomes'
            then
                'Met by ' || leads_met || ' of ' || leads_scored || ' leads, ' || outcomes_met
                || ' of these with ' || outcome_text
                || case
                    when leads_scored > 0 and outcomes_not_met + outcomes_met = leads_scored
                        then ': as all others have one, that tells no rule from another.'
                    else ': too few to say whether its points are right.'
                end
    end as finding_text,
    attribute,
    cast(best_points as decimal(12, 4)) as best_points
from judged
