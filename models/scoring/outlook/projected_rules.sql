with

rules as (

    select * from {{ ref('rules') }}
    where kind <> 'cap' and model_no is not null

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

-- In days from the newest day on: the first on which a rule counts and the first on which it no
-- longer does.
counted as (

    select
        rules.rule_no,
        rules.model_no,
        rules.rule_id,
        rules.kind,
        rules.dimension,
        rules.test_no,
        cast(rules.points as {{ type_double() }}) as event_points,
        cast(rules.max_per_day as {{ type_double() }}) as events_per_day,
        cast(rules.max_points as {{ type_double() }}) as max_points,
        coalesce(rules.half_life_days, 1) as half_life_days,
        {{ round_points('rules.points') }} as points,
        greatest(0, {{ days_between('newest_day.as_of_date', 'rules.valid_from') }}) as from_day,
        least(
            {{ var('outlook_days') }} + 1,
            {{ days_between('newest_day.as_of_date', 'rules.valid_to') }}
        ) as until_day
    from rules
    cross join newest_day

)

select * from counted
where from_day < until_day
