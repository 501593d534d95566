with

candidates as (

    select * from {{ ref('outlook_candidates') }}

),

lead_values as (

    select * from {{ ref('lead_values') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

value_points as (

    select * from {{ ref('value_points') }}

),

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

value_tests as (

    select * from {{ ref('value_tests') }}

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
    inner join named_attributes
        on
        value_points.attribute = named_attributes.attribute
        and not named_attributes.moves_by_itself

),

moving_values as (

    select * from {{ ref('projected_values') }}
    union all
    select * from {{ ref('projected_conditions') }}

),

-- What a condition may be is known, what else will be counted is not.
moving_value_tests as (

    select * from {{ ref('projected_value_tests') }}
    union all
    select
        attribute_values.attribute,
        attribute_values.value,
        value_tests.test_no
    from value_tests
    inner join attribute_values on value_tests.value_no = attribute_values.value_no
    inner join named_attributes
        on
        attribute_values.attribute = named_attributes.attribute
        and named_attributes.kind = 'condition'

),

-- What a value gives is settled before it is set beside leads, so that an engine that knows
-- nothing of these tables yet does not pair all leads with all rules first.
moving_points as (

    select distinct
        moving_value_tests.attribute,
        moving_value_tests.value,
        projected_rules.rule_no,
        projected_rules.model_no,
        projected_rules.from_day,
        projected_rules.until_day
    from moving_value_tests
    inner join projected_rules on moving_value_tests.test_no = projected_rules.test_no

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
        moving_points.rule_no,
        greatest(moving_values.from_day, moving_points.from_day) as from_day,
        least(moving_values.until_day, moving_points.until_day) as until_day
    from moving_values
    inner join moving_points
        on
        moving_values.attribute = moving_points.attribute
        and moving_values.value = moving_points.value
    inner join candidates
        on
        moving_values.lead_no = candidates.lead_no
        and moving_points.model_no = candidates.model_no

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
