with

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

leads as (

    select lead_outcomes.*
    from {{ ref('int_lead_outcomes') }} as lead_outcomes
    inner join newest_day on lead_outcomes.as_of_date = newest_day.as_of_date

),

-- The first outcome of each: what is known of a lead before it may foretell it.
first_outcomes as (

    select
        model_no,
        lead_no,
        min(happened_on) as happened_on
    from {{ ref('int_lead_outcome_days') }}
    where is_outcome
    group by model_no, lead_no

),

field_changes as (

    select * from {{ ref('int_lead_field_changes') }}

),

activity_days as (

    select
        activity_days.lead_no,
        activities.activity,
        min(activity_days.as_of_date - activity_days.days_ago) as first_on
    from {{ ref('int_lead_activity_days') }} as activity_days
    inner join newest_day on activity_days.as_of_date = newest_day.as_of_date
    inner join {{ ref('int_activities') }} as activities
        on activity_days.activity_no = activities.activity_no
    group by activity_days.lead_no, activities.activity

),

thresholds as (

    select * from {{ ref('thresholds') }}

),

signs as (

    select
        'attribute' as kind,
        lead_no,
        attribute as name,
        was_ever_filled as is_there,
        changed_on as moved_on,
        filled_on as said_on,
        filled_known_on as known_on
    from field_changes
    union all
    select
        'activity' as kind,
        lead_no,
        activity as name,
        true as is_there,
        first_on as moved_on,
        first_on as said_on,
        first_on as known_on
    from activity_days

),

counted as (

    select
        leads.model_no,
        leads.model_id,
        signs.kind,
        signs.name,
        count(case when signs.is_there then 1 end) as leads_with,
        count(case when signs.is_there and first_outcomes.happened_on is not null then 1 end)
            as outcomes_with,
        count(
            case
                when signs.moved_on is not null and first_outcomes.happened_on is not null then 1
            end
        ) as outcomes_moved,
        count(case when signs.moved_on >= first_outcomes.happened_on then 1 end)
            as moved_after,
        count(
            case
                when
                    signs.said_on < first_outcomes.happened_on
                    and signs.known_on > first_outcomes.happened_on
                    then 1
            end
        ) as backdated
    from leads
    inner join signs on leads.lead_no = signs.lead_no
    left join first_outcomes
        on leads.model_no = first_outcomes.model_no and leads.lead_no = first_outcomes.lead_no
    group by leads.model_no, leads.model_id, signs.kind, signs.name

),

totals as (

    select
        model_no,
        count(*) as leads,
        count(case when has_outcome then 1 end) as outcomes
    from leads
    group by model_no

),

used as (

    select
        model_no,
        coalesce(attribute, activities) as name,
        count(*) as rules
    from {{ ref('rules') }}
    where model_no is not null
    group by model_no, coalesce(attribute, activities)

),

judged as (

    select
        newest_day.as_of_date,
        counted.*,
        totals.leads,
        totals.outcomes,
        coalesce(used.rules, 0) as rules,
        case
            when
                counted.backdated >= thresholds.rule_leads_needed
                and 100 * counted.backdated >= thresholds.leak_pct * counted.outcomes_with
                then 'backdated'
            when
                counted.outcomes_with >= thresholds.rule_leads_needed
                and 100 * counted.outcomes_with >= thresholds.leak_pct * counted.leads_with
                and 100 * totals.outcomes < thresholds.leak_pct * totals.leads
                then 'only_of_those_with_the_outcome'
            when
                counted.outcomes_moved >= thresholds.rule_leads_needed
                and 100 * counted.moved_after >= thresholds.leak_pct * counted.outcomes_moved
                then 'only_after_the_outcome'
        end as finding
    from counted
    cross join newest_day
    cross join thresholds
    inner join totals on counted.model_no = totals.model_no
    left join used on counted.model_no = used.model_no and counted.name = used.name

)

select
    as_of_date,
    model_id,
    kind,
    name,
    rules,
    leads_with,
    outcomes_with,
    outcomes_moved,
    moved_after,
    backdated,
    finding,
    case finding
        when 'backdated'
            then
                'Of the ' || outcomes_with || ' leads with their outcome that have it, '
                || backdated || ' say it is older than the outcome and were loaded after it: '
                || 'with what is known now it foretells what it did not know then.'
        when 'only_of_those_with_the_outcome'
            then
                'Of the ' || leads_with || ' leads that have it, ' || outcomes_with
                || ' had their outcome, where ' || outcomes || ' of all ' || leads
                || ' did: it is a part of the outcome.'
        when 'only_after_the_outcome'
            then
                'Of the ' || outcomes_moved || ' leads with their outcome for which it changed or '
                || 'came, it did so on the day of the outcome or later for ' || moved_after
                || ': it follows the outcome.'
    end || case when rules > 0 then ' Rules of the model name it: ' || rules || '.' else '' end
        as finding_text
from judged
where finding is not null
