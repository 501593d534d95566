with

rules as (

    select * from {{ ref('rules') }}
    where kind <> 'cap' and model_no is not null

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

rule_points as (

    select * from {{ ref('rule_points') }}

),

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from as_of_dates

),

valid_rules as (

    select
        newest_day.as_of_date,
        rules.rule_no,
        rules.model_no,
        rules.model_id,
        rules.rule_id,
        rules.dimension,
        rules.reason,
        rules.owner,
        rules.points,
        rules.max_points
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
        lead_outcomes.has_opportunity,
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
        valid_rules.model_id,
        valid_rules.rule_id,
        leads.lead_key,
        leads.has_opportunity,
        coalesce(
            abs(rule_points.points) = valid_rules.max_points
            and abs(rule_points.raw_points) > valid_rules.max_points,
            false
        )
        or sign(rule_points.points)
        * {{ of_dimension('valid_rules.dimension', 'leads.{}_direction') }} < 0
        or sign(rule_points.points) * leads.score_direction < 0 as is_capped
    from rule_points
    inner join valid_rules
        on
        rule_points.as_of_date = valid_rules.as_of_date
        and rule_points.rule_no = valid_rules.rule_no
    inner join leads
        on
        rule_points.as_of_date = leads.as_of_date
        and valid_rules.model_no = leads.model_no
        and rule_points.lead_no = leads.lead_no

),

-- Equal counts and equal sums of 63-bit keys: the leads are the same.
counted as (

    select
        model_id,
        rule_id,
        count(*) as leads_met,
        count(case when has_opportunity then 1 end) as outcomes_met,
        count(case when is_capped then 1 end) as leads_capped,
        sum(cast(lead_key as decimal(38, 0))) as lead_keys
    from rules_met
    group by model_id, rule_id

),

twins as (

    select
        ours.model_id,
        ours.rule_id,
        min(theirs.rule_id) as same_leads_as
    from counted as ours
    inner join counted as theirs
        on ours.model_id = theirs.model_id
        and ours.leads_met = theirs.leads_met
        and ours.lead_keys = theirs.lead_keys
        and ours.rule_id <> theirs.rule_id
    inner join thresholds on ours.leads_met >= thresholds.rule_leads_needed
    group by ours.model_id, ours.rule_id

),

totals as (

    select
        model_id,
        count(*) as leads_scored,
        count(case when has_opportunity then 1 end) as outcomes
    from lead_outcomes
    group by model_id

),

measured as (

    select
        valid_rules.as_of_date,
        valid_rules.model_id,
        valid_rules.rule_id,
        valid_rules.dimension,
        valid_rules.reason,
        valid_rules.owner,
        valid_rules.points,
        twins.same_leads_as,
        coalesce(totals.leads_scored, 0) as leads_scored,
        coalesce(counted.leads_met, 0) as leads_met,
        coalesce(counted.leads_capped, 0) as leads_capped,
        coalesce(counted.outcomes_met, 0) as outcomes_met,
        coalesce(totals.leads_scored, 0) - coalesce(counted.leads_met, 0) as leads_not_met,
        coalesce(totals.outcomes, 0) - coalesce(counted.outcomes_met, 0) as outcomes_not_met
    from valid_rules
    left join counted
        on valid_rules.model_id = counted.model_id and valid_rules.rule_id = counted.rule_id
    left join twins
        on valid_rules.model_id = twins.model_id and valid_rules.rule_id = twins.rule_id
    left join totals on valid_rules.model_id = totals.model_id

),

compared as (

    select
        *,
        {{ percentage_of('leads_met', 'leads_scored') }} as met_pct,
        {{ percentage_of('leads_capped', 'leads_met') }} as capped_pct,
        {{ share_of('outcomes_met', 'leads_met') }} as conversion_met,
        {{ wilson_low('outcomes_met', 'leads_met') }} as conversion_met_low,
        {{ wilson_high('outcomes_met', 'leads_met') }} as conversion_met_high,
        {{ share_of('outcomes_not_met', 'leads_not_met') }} as conversion_not_met,
        {{ wilson_low('outcomes_not_met', 'leads_not_met') }} as conversion_not_met_low,
        {{ wilson_high('outcomes_not_met', 'leads_not_met') }} as conversion_not_met_high
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
                and (
                    (
                        compared.points > 0
                        and compared.conversion_met_high < compared.conversion_not_met_low
                    )
                    or (
                        compared.points < 0
                        and compared.conversion_met_low > compared.conversion_not_met_high
                    )
                )
                then 'points_the_wrong_way'
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
                || ' leads that meet it have an opportunity, and '
                || {{ format_share('conversion_not_met') }} || ' of the ' || leads_not_met
                || ' others: the difference is more than chance.'
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
                || ' of these with an opportunity: too few to say whether its points are right.'
    end as finding_text
from judged
