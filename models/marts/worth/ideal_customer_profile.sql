{{ config(materialized='view') }}

with

attribute_worth as (

    select * from {{ ref('attribute_worth') }}

),

model_health as (

    select * from {{ ref('model_health') }}

),

-- What says who a lead is: not what it did, how long ago, or what has come of it.
unasked as (

    select attribute from {{ ref('attributes') }}
    where follows_outcome = 'true'
    union
    select written_attribute as attribute from {{ ref('named_attributes') }}
    where kind is not null or moves_by_itself
    union
    select name as attribute from {{ source('evidence', 'leakage') }}
    where kind = 'attribute'

),

-- Values, and the bands of numbers that rules ask for.
known as (

    select
        attribute_worth.*,
        cast(model_health.outcomes as {{ dbt.type_bigint() }}) as all_outcomes,
        cast(model_health.leads_scored as {{ dbt.type_bigint() }}) as all_leads
    from attribute_worth
    inner join model_health on attribute_worth.model_id = model_health.model_id
    left join unasked on attribute_worth.attribute = unasked.attribute
    where
        unasked.attribute is null
        and coalesce(attribute_worth.finding, '') <> 'too_few_outcomes'
        and (
            (attribute_worth.kind = 'value' and attribute_worth.value <> '')
            or (
                attribute_worth.kind = 'rule'
                and split_part(attribute_worth.value, ' ', 1)
                in ({{ operators_of_bands() }})
            )
        )

),

shares as (

    select
        *,
        {{ share_with_interval('outcomes', 'all_outcomes', 'share', 'share_of_outcomes') }},
        {{ share_of('leads', 'all_leads') }} as share_of_all
    from known

)

select
    as_of_date,
    model_id,
    cast(row_number() over (
        partition by model_id
        order by
            points_by_data_low desc nulls last, weight_of_evidence desc nulls last,
            attribute asc, value asc
    ) as {{ dbt.type_bigint() }}) as place,
    attribute,
    value,
    leads,
    outcomes,
    share_of_outcomes,
    share_low as share_of_outcomes_low,
    share_high as share_of_outcomes_high,
    share_of_all,
    {{ as_decimal(
        divided('1.0 * outcomes * all_leads', 'nullif(all_outcomes, 0) * leads'), 12, 4
    ) }} as lift,
    weight_of_evidence,
    case
        when share_low > share_of_all then 'more'
        when share_high < share_of_all then 'less'
    end as stands_out,
    points_now,
    points_by_data,
    finding
from shares
