with

chains as (

    select * from {{ ref('condition_chains') }}

),

completeness as (

    select distinct attribute_key
    from {{ ref('completeness_steps') }}

),

conditions as (

    select distinct
        model_no,
        condition_key
    from {{ ref('condition_rows') }}

)

-- A condition is worked out after those that it builds on.
select
    conditions.model_no,
    conditions.condition_key,
    cast(max(chains.steps) as integer) as level,
    count(completeness.attribute_key) > 0 as needs_completeness
from conditions
inner join chains on conditions.condition_key = chains.condition_key
left join completeness on chains.attribute_key = completeness.attribute_key
group by conditions.model_no, conditions.condition_key
