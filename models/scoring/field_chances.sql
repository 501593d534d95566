with

unknown_scores as (

    select * from {{ ref('unknown_scores') }}

),

field_points as (

    select * from {{ ref('field_points') }}

),

model_dimensions as (

    select * from {{ ref('model_dimensions') }}

),

deciding_fields as (

    select *
    from unknown_scores
    where field <> '' and can_change_tier

),

dimension_limits as (

    select
        model_id,
        dimension,
        cast(min_points as {{ type_points() }}) as low,
        cast(max_points as {{ type_points() }}) as high
    from model_dimensions

),

limits as (

    select
        model_id,
        max(case when dimension = 'demographic' then low end) as demographic_low,
        max(case when dimension = 'demographic' then high end) as demographic_high,
        max(case when dimension = 'firmographic' then low end) as firmographic_low,
        max(case when dimension = 'firmographic' then high end) as firmographic_high,
        max(case when dimension = 'readiness' then low end) as readiness_low,
        max(case when dimension = 'readiness' then high end) as readiness_high,
        max(case when dimension = 'data_quality' then low end) as data_quality_low,
        max(case when dimension = 'data_quality' then high end) as data_quality_high
    from dimension_limits
    group by model_id

),

leads_that_know as (

    select
        as_of_date,
        model_id,
        field,
        sum(leads) as leads
    from field_points
    group by as_of_date, model_id, field

),

-- Few, however many leads there are: points of rules come in few sums.
states as (

    select distinct
        as_of_date,
        model_id,
        field,
        demographic_points,
        firmographic_points,
        readiness_points,
        data_quality_points
    from deciding_fields

),

moved_states as (

    select
        states.*,
        {{ hold_within(
            'states.demographic_points + field_points.demographic_points',
            'limits.demographic_low', 'limits.demographic_high'
        ) }}
        - {{ hold_within(
            'states.demographic_points', 'limits.demographic_low', 'limits.demographic_high'
        ) }}
        + {{ hold_within(
            'states.firmographic_points + field_points.firmographic_points',
            'limits.firmographic_low', 'limits.firmographic_high'
        ) }}
        - {{ hold_within(
            'states.firmographic_points', 'limits.firmographic_low', 'limits.firmographic_high'
        ) }}
        + {{ hold_within(
            'states.readiness_points + field_points.readiness_points',
            'limits.readiness_low', 'limits.readiness_high'
        ) }}
        - {{ hold_within(
            'states.readiness_points', 'limits.readiness_low', 'limits.readiness_high'
        ) }}
        + {{ hold_within(
            'states.data_quality_points + field_points.data_quality_points',
            'limits.data_quality_low', 'limits.data_quality_high'
        ) }}
        - {{ hold_within(
            'states.data_quality_points', 'limits.data_quality_low', 'limits.data_quality_high'
        ) }} as move,
        field_points.leads
    from states
    inner join field_points
        on
        states.as_of_date = field_points.as_of_date
        and states.model_id = field_points.model_id
        and states.field = field_points.field
    inner join limits on states.model_id = limits.model_id

),

moves as (

    select
        as_of_date,
        model_id,
        field,
        demographic_points,
        firmographic_points,
        readiness_points,
        data_quality_points,
        cast(move as decimal(12, 4)) as move,
        sum(leads) as leads
    from moved_states
    group by
        as_of_date, model_id, field, demographic_points, firmographic_points,
        readiness_points, data_quality_points, move

),

-- What others have takes a lead no further than its own missing field can.
outcomes as (

    select
        deciding_fields.as_of_date,
        deciding_fields.model_id,
        deciding_fields.lead_id,
        deciding_fields.field,
        deciding_fields.tier_from_score,
        deciding_fields.tier_below_score,
        moves.leads,
        {{ hold_within(
            'deciding_fields.other_points + moves.move',
            'deciding_fields.lowest_score',
            'deciding_fields.highest_score'
        ) }} as score
    from deciding_fields
    inner join moves
        on
        deciding_fields.as_of_date = moves.as_of_date
        and deciding_fields.model_id = moves.model_id
        and deciding_fields.field = moves.field
        and deciding_fields.demographic_points = moves.demographic_points
        and deciding_fields.firmographic_points = moves.firmographic_points
        and deciding_fields.readiness_points = moves.readiness_points
        and deciding_fields.data_quality_points = moves.data_quality_points

),

chances as (

    select
        as_of_date,
        model_id,
        lead_id,
        field,
        sum(case when score < tier_from_score or score >= tier_below_score then leads else 0 end)
            as leads_that_change
    from outcomes
    group by as_of_date, model_id, lead_id, field

),

field_chances as (

    select
        deciding_fields.as_of_date,
        deciding_fields.model_id,
        deciding_fields.lead_id,
        deciding_fields.field,
        deciding_fields.lowest_score,
        deciding_fields.highest_score,
        cast(
            case
                when leads_that_know.leads >= {{ var('leads_that_must_know') }}
                    then 1.0 * chances.leads_that_change / leads_that_know.leads
            end as decimal(5, 4)
        ) as probability
    from deciding_fields
    left join chances
        on
        deciding_fields.as_of_date = chances.as_of_date
        and deciding_fields.model_id = chances.model_id
        and deciding_fields.lead_id = chances.lead_id
        and deciding_fields.field = chances.field
    left join leads_that_know
        on
        deciding_fields.as_of_date = leads_that_know.as_of_date
        and deciding_fields.model_id = leads_that_know.model_id
        and deciding_fields.field = leads_that_know.field

)

select * from field_chances
