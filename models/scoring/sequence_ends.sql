-- Which days end a sequence that was met. Any choice of days may be the one that meets an ordered
-- sequence, and the latest day of a step is not always the best: what must not happen may stand
-- right before it. So none is left out: walked_n holds every day of step n that some admissible
-- choice of days for the steps before leads to, for all that can still matter of the choice, which
-- is its first day. Two choices that end on the same day of the same step go on alike, but for the
-- window, which the one that began later stays in for longer; it alone is kept. Where the sequence
-- ends with an absence, the first day says when the window closes, and all of them are kept.
with

sequence_days as (

    select * from {{ ref('sequence_days') }}

),

sequences as (

    select distinct
        steps.rule_no,
        steps.is_in_order,
        steps.ends_with_absence,
        steps.steps_needed,
        cast(ceil(rules.within_days) as integer) as window_days
    from {{ ref('sequence_steps') }} as steps
    inner join {{ ref('rules') }} as rules on steps.rule_no = rules.rule_no

),

-- Time cut into pieces as long as the window: whatever lies within a window of a day lies in its
-- piece or in the one before, so that no day is compared with those of other years.
windowed_days as (

    select
        sequence_days.*,
        sequences.is_in_order,
        sequences.ends_with_absence,
        sequences.steps_needed,
        sequences.window_days,
        cast(floor(1.0 * sequence_days.days_ago / sequences.window_days) as integer) as piece_no
    from sequence_days
    inner join sequences on sequence_days.rule_no = sequences.rule_no

),

pieces_looked_at as (

    select 0 as pieces_before
    union all
    select 1 as pieces_before

),

unordered_days as (

    select * from windowed_days
    where not is_in_order

),

earlier_days as (

    select
        unordered_days.*,
        unordered_days.piece_no - pieces_looked_at.pieces_before as counts_in_piece
    from unordered_days
    cross join pieces_looked_at

),

-- Each day on which one of the activities happened, where all of them had happened within the
-- window that ends with it.
unordered_ends as (

    select
        last_days.as_of_date,
        last_days.lead_no,
        last_days.rule_no,
        last_days.days_ago,
        greatest(0, last_days.days_ago - last_days.days_stale) as age
    from unordered_days as last_days
    inner join earlier_days as days
        on
        last_days.as_of_date = days.as_of_date
        and last_days.lead_no = days.lead_no
        and last_days.rule_no = days.rule_no
        and last_days.piece_no = days.counts_in_piece
        and days.days_ago >= last_days.days_ago
        and days.days_ago - last_days.days_ago < days.window_days
    group by
        last_days.as_of_date, last_days.lead_no, last_days.rule_no, last_days.days_ago,
        last_days.days_stale, days.steps_needed
    having count(distinct days.step_no) = days.steps_needed

),

step_days as (

    select
        *,
        -- The first day, from that of the step on, with what must not happen after it.
        max(case when is_absence then days_ago end) over (
            partition by as_of_date, lead_no, rule_no, step_no
            order by days_ago
            range between unbounded preceding and current row
        ) as undone_days_ago
    from windowed_days
    where is_in_order

),

ordered_days as (

    select * from step_days
    where not is_absence

),

later_days as (

    select
        ordered_days.*,
        ordered_days.piece_no + pieces_looked_at.pieces_before as counts_in_piece
    from ordered_days
    cross join pieces_looked_at

),

walked_1 as (

    select
        as_of_date,
        lead_no,
        rule_no,
        step_no,
        days_ago,
        days_stale,
        piece_no,
        undone_days_ago,
        days_ago as first_days_ago
    from ordered_days
    where step_no = 1

),

{{ walk_step_by_step(most_ordered_steps(ref('sequence_steps'))) }}

walked as (

    {{ stack_walked(most_ordered_steps(ref('sequence_steps'))) }}

),

-- In days ago: less than none is a day ahead, on which a window closes if nothing happens.
ordered_ends as (

    select
        walked.as_of_date,
        walked.lead_no,
        walked.rule_no,
        walked.undone_days_ago,
        walked.days_stale,
        sequences.ends_with_absence,
        case
            when sequences.ends_with_absence then walked.first_days_ago - sequences.window_days + 1
            else walked.days_ago
        end as days_ago
    from walked
    inner join sequences
        on walked.rule_no = sequences.rule_no and walked.step_no = sequences.steps_needed

),

ends as (

    select * from unordered_ends
    union all
    select
        as_of_date,
        lead_no,
        rule_no,
        days_ago,
        case
            when ends_with_absence then days_ago - days_stale
            else greatest(0, days_ago - days_stale)
        end as age
    from ordered_ends
    where not ends_with_absence or coalesce(undone_days_ago < days_ago, true)

)

-- The latest day that has come counts; each of those ahead will be the latest on its day.
select
    as_of_date,
    lead_no,
    rule_no,
    cast(min(days_ago) as integer) as days_ago,
    cast(min(age) as integer) as age
from ends
where age >= -{{ var('outlook_days') }}
group by as_of_date, lead_no, rule_no, case when age < 0 then age end
