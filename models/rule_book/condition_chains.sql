with

condition_rows as (

    select * from {{ ref('condition_rows') }}

),

key_fields as (

    select * from {{ ref('model_key_fields') }}

),

-- A condition builds on what its rows name; the share of filled key fields on the key fields.
edges as (

    select
        condition_key as from_key,
        attribute_key as to_key
    from condition_rows
    union
    select
        model_id || '.completeness_pct' as from_key,
        attribute_key as to_key
    from key_fields

),

chains as (

    {{ stack_chains('edges') }}

)

select
    from_key as condition_key,
    to_key as attribute_key,
    cast(max(steps) as integer) as steps
from chains
where from_key in (select condition_rows.condition_key from condition_rows)
group by from_key, to_key
