with

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

rules as (

    select * from {{ ref('rules') }}

),

text_keys as (

    {{ stack_reasons('lead_totals') }}

),

parts as (

    select
        text_key,
        text_key % 2 = 1 as is_for,
        cast(65535 - {{ whole_part('(text_key % 131072)', 2) }} as integer) as rule_no,
        cast({{ whole_part('text_key', 131072) }} / 10.0 as decimal(12, 1)) as points
    from text_keys
    where text_key is not null

)

select
    parts.text_key,
    case when parts.is_for then '+' else '' end || {{ short_decimal(
        'case when parts.is_for then parts.points else -parts.points end'
    ) }} || ' ' || rules.reason as reason
from parts
inner join rules on parts.rule_no = rules.rule_no
