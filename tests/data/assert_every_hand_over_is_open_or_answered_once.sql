{{ config(meta={'dagster': {'ref': {'name': 'hand_over_feedback'}}}) }}
-- A failing row is a model whose hand-overs are not each counted once, as accepted, rejected or
-- open, in all and again under their tiers, or as drawn: a join in hand_over_feedback loses or
-- repeats them.
with

hand_overs as (

    select
        model_id,
        count(*) as hand_overs,
        count(draw_probability) as drawn
    from {{ source('tiering', 'hand_overs') }}
    where due_on <= (select max(as_of_date) from {{ ref('int_as_of_dates') }})
    group by model_id

),

counted as (

    select
        model_id,
        sum(case when kind = 'all' then hand_overs else 0 end) as in_all,
        sum(
            case
                when kind = 'all' and value <> 'without a hand-over'
                    then accepted + rejected + open
                else 0
            end
        ) as answered_or_open,
        sum(case when value = 'drawn at random' then hand_overs else 0 end) as drawn,
        sum(case when kind = 'tier' then hand_overs else 0 end) as in_tiers
    from {{ ref('hand_over_feedback') }}
    where kind in ('all', 'tier')
    group by model_id

)

select
    counted.*,
    hand_overs.hand_overs,
    hand_overs.drawn as handed_over_by_draw
from counted
left join hand_overs on counted.model_id = hand_overs.model_id
where
    counted.in_all <> coalesce(hand_overs.hand_overs, 0)
    or counted.answered_or_open <> counted.in_all
    or counted.drawn <> coalesce(hand_overs.drawn, 0)
    or counted.in_tiers + counted.drawn <> counted.in_all
