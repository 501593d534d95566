-- depends_on: {{ ref('rule_book_problems') }}
with

file_rows as (

    select * from {{ ref('rule_book_rows') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

attributes as (

    select * from {{ ref('attributes') }}
    where trim(origin) = 'deals'

),

of_products as (

    select
        attribute,
        'activities' as kind
    from file_rows
    where file_name = 'activity_attributes'
    union
    select
        trim(attribute) as attribute,
        'deals' as kind
    from attributes

),

-- What a condition says and which fields count is a matter of the model.
scoped as (

    select distinct
        file_rows.model_id,
        file_rows.condition as attribute,
        'condition' as kind,
        file_rows.model_id || '.' || file_rows.condition as attribute_key
    from file_rows
    where file_rows.file_name = 'conditions'
    union all
    select
        model_id,
        'completeness_pct' as attribute,
        'completeness' as kind,
        model_id || '.completeness_pct' as attribute_key
    from scored_models
    union all
    select
        scored_models.model_id,
        of_products.attribute,
        of_products.kind,
        coalesce(lower(scored_models.product) || '.', '') || of_products.attribute as attribute_key
    from scored_models
    cross join of_products

)

select
    scoped.model_id,
    scored_models.model_no,
    scored_models.product,
    scoped.attribute,
    scoped.kind,
    scoped.attribute_key
from scoped
inner join scored_models on scoped.model_id = scored_models.model_id
