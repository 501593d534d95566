with

rule_points as (

    select * from {{ ref('rule_points') }}

),

ranked as (

    select
        as_of_date,
        model_id,
        lead_id,
        points > 0 as is_for,
        {{ format_points('points') }} || ' ' || reason as reason,
        row_number() over (
            partition by as_of_date, model_id, lead_id
            order by abs(points) desc, rule_id
        ) as place,
        row_number() over (
            partition by as_of_date, model_id, lead_id, points > 0
            order by abs(points) desc, rule_id
        ) as place_on_side
    from rule_points
    where points <> 0

),

shown as (

    select
        as_of_date,
        model_id,
        lead_id,
        place,
        case when place <= {{ reasons_shown() }} then reason end as top_reason,
        case when is_for then reason end as reason_for,
        case when not is_for then reason end as reason_against
    from ranked
    where place_on_side <= {{ reasons_shown() }}

),

top_reasons as (

    select
        as_of_date,
        model_id,
        lead_id,
        {{ dbt.listagg('top_reason', "'; '", 'order by place') }} as top_reasons,
        {{ dbt.listagg('reason_for', "'; '", 'order by place') }} as reasons_for,
        {{ dbt.listagg('reason_against', "'; '", 'order by place') }} as reasons_against
    from shown
    group by as_of_date, model_id, lead_id

)

select * from top_reasons
