with

rule_points as (

    select * from {{ ref('rule_points') }}

),

ranked as (

    select
        as_of_date,
        model_id,
        lead_id,
        {{ format_points('points') }} || ' ' || reason as reason,
        row_number() over (
            partition by as_of_date, model_id, lead_id
            order by abs(points) desc, rule_id
        ) as place
    from rule_points
    where points <> 0

),

top_reasons as (

    select
        as_of_date,
        model_id,
        lead_id,
        {{ dbt.listagg('reason', "'; '", 'order by place') }} as top_reasons
    from ranked
    where place <= {{ reasons_shown() }}
    group by as_of_date, model_id, lead_id

)

select * from top_reasons
