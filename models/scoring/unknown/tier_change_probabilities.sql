with

deciding_fields as (

    select * from {{ ref('unknown_scores') }}
    where field_no > 0 and can_change_tier

),

field_point_counts as (

    select * from {{ ref('field_point_counts') }}

),

model_limits as (

    select * from {{ ref('model_limits') }}

),

leads_that_know as (

    select
        as_of_date,
        model_no,
        field_no,
        sum(leads) as leads
    from field_point_counts
    group by as_of_date, model_no, field_no

),

-- Few, however many leads there are: points of rules come in few sums.
states as (

    select distinct
        as_of_date,
        model_no,
        field_no,
        {{ each_dimension('{}_points', fit_dimensions()) }}
    from deciding_fields

),

moved_states as (

    select
        states.*,
        {{ sum_of_dimensions(
            hold_within(
                'states.{}_points + field_point_counts.{}_points',
                'model_limits.{}_low', 'model_limits.{}_high'
            ) ~ ' - ' ~ hold_within(
                'states.{}_points', 'model_limits.{}_low', 'model_limits.{}_high'
            ), fit_dimensions()
        ) }} as move,
        field_point_counts.leads
    from states
    inner join field_point_counts
        on
        states.as_of_date = field_point_counts.as_of_date
        and states.model_no = field_point_counts.model_no
        and states.field_no = field_point_counts.field_no
    inner join model_limits on states.model_no = model_limits.model_no

),

moves as (

    select
        as_of_date,
        model_no,
        field_no,
        {{ each_dimension('{}_points', fit_dimensions()) }},
        cast(move as {{ type_points() }}) as move,
        sum(leads) as leads
    from moved_states
    group by
        as_of_date, model_no, field_no, {{ each_dimension('{}_points', fit_dimensions()) }}, move

),

-- What others have takes a lead no further than its own missing field can.
outcomes as (

    select
        deciding_fields.as_of_date,
        deciding_fields.model_no,
        deciding_fields.lead_no,
        deciding_fields.field_no,
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
        and deciding_fields.model_no = moves.model_no
        and deciding_fields.field_no = moves.field_no
        {{ same_dimensions('deciding_fields.{}_points', 'moves.{}_points') }}

),

changes as (

    select
        as_of_date,
        model_no,
        lead_no,
        field_no,
        sum(case when score < tier_from_score or score >= tier_below_score then leads else 0 end)
            as leads_that_change
    from outcomes
    group by as_of_date, model_no, lead_no, field_no

)

select
    deciding_fields.as_of_date,
    deciding_fields.model_no,
    deciding_fields.lead_no,
    deciding_fields.field_no,
    deciding_fields.lowest_score,
    deciding_fields.highest_score,
    case
        when leads_that_know.leads >= {{ var('leads_that_must_know') }}
            then {{ share_of('changes.leads_that_change', 'leads_that_know.leads') }}
    end as probability
from deciding_fields
left join changes
    on
    deciding_fields.as_of_date = changes.as_of_date
    and deciding_fields.model_no = changes.model_no
    and deciding_fields.lead_no = changes.lead_no
    and deciding_fields.field_no = changes.field_no
left join leads_that_know
    on
    deciding_fields.as_of_date = leads_that_know.as_of_date
    and deciding_fields.model_no = leads_that_know.model_no
    and deciding_fields.field_no = leads_that_know.field_no
