{{ config(materialized='view') }}

select
    as_of_date,
    lead_no,
    attribute_no,
    value_no
from {{ ref('int_lead_values') }}
union all
select
    as_of_date,
    lead_no,
    attribute_no,
    value_no
from {{ ref('int_lead_completeness') }}
union all
select
    as_of_date,
    lead_no,
    attribute_no,
    value_no
from {{ ref('int_lead_conditions') }}
union all
select
    as_of_date,
    lead_no,
    attribute_no,
    value_no
from {{ ref('int_lead_completeness_conditions') }}
