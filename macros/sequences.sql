{# Sequences of activities: how a rule writes down its steps, and the walk along them. #}


{% macro tidy_steps(activities) -%}
    {# The steps of a sequence without the blanks around them: `a|!b|c`. #}
    {{ replace_pattern(replace_pattern(activities, ' *[|] *', '|'), '! *', '!') }}
{%- endmacro %}


{% macro sequence_in_words(activities, in_order) -%}
    {# The steps as a seller reads them: `a + b`; in order `a, then no b, then c`. #}
    replace(
        case
            when {{ in_order }} then replace(
                replace({{ tidy_steps(activities) }}, '|!', ', then no '), '|', ', then '
            )
            else replace({{ tidy_steps(activities) }}, '|', ' + ')
        end,
        '_', ' '
    )
{%- endmacro %}


{% macro most_ordered_steps(sequence_steps) -%}
    {# Of how many steps that happen the longest ordered sequence is; some in a unit test, where the
       rule book is not at hand. #}
    {%- if not can_be_read(sequence_steps) -%}
        {{ return(5) }}
    {%- endif -%}
    {%- set found = run_query('select max(steps_needed) from ' ~ sequence_steps ~ ' where is_in_order') -%}
    {{ return(found.columns[0].values()[0] | default(1, true) | int) }}
{%- endmacro %}


{% macro walk_step_by_step(steps) -%}
    {# Common table expressions walked_1, walked_2, … up to `steps`, from ordered_days and
       later_days (sequence_ends):
       the days of each step that are reached from the days of the one before. SQL cannot repeat
       itself on all engines, so that the step is written down once for each. #}
    {%- for step in range(2, steps + 1) %}
walked_{{ step }} as (

    select
        later_days.as_of_date,
        later_days.lead_no,
        later_days.rule_no,
        later_days.step_no,
        later_days.days_ago,
        later_days.days_stale,
        later_days.piece_no,
        later_days.undone_days_ago,
        min(walked.first_days_ago) as first_days_ago
    from walked_{{ step - 1 }} as walked
    inner join later_days
        on
        walked.as_of_date = later_days.as_of_date
        and walked.lead_no = later_days.lead_no
        and walked.rule_no = later_days.rule_no
        and walked.step_no + 1 = later_days.step_no
        and walked.piece_no = later_days.counts_in_piece
        and walked.days_ago >= later_days.days_ago
        and walked.first_days_ago - later_days.days_ago < later_days.window_days
        and (walked.undone_days_ago is null or walked.undone_days_ago < later_days.days_ago)
    group by
        later_days.as_of_date, later_days.lead_no, later_days.rule_no,
        later_days.step_no, later_days.days_ago, later_days.days_stale,
        later_days.piece_no, later_days.undone_days_ago,
        case when later_days.ends_with_absence then walked.first_days_ago end

),
    {% endfor -%}
{%- endmacro %}


{% macro stack_walked(steps) -%}
    {# What was reached with any step, in one. #}
    {%- for step in range(1, steps + 1) %}
    select * from walked_{{ step }}
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
