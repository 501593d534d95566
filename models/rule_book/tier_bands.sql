with

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

tier_bands as (

    select
        model_no,
        model_id,
        tier,
        enter_at as from_score,
        lead(enter_at) over (partition by model_id order by level) as below_score
    from model_tiers

)

select * from tier_bands
