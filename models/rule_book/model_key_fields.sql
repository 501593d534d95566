-- depends_on: {{ ref('rule_book_problems') }}
with

key_fields as (

    select * from {{ ref('key_fields') }}

),

model_key_fields as (

    select
        trim(model_id) as model_id,
        trim(attribute) as attribute
    from key_fields

)

select * from model_key_fields
