-- A number is given once and stays: what later runs keep is keyed by it.
{{ config(materialized='incremental', incremental_strategy='append') }}

with

leads as (

    select distinct lead_id from {{ versions_of('leads') }}

),

numbers as (

    {{ numbers_given() }}

),

new_leads as (

    select leads.lead_id
    from leads
    left join numbers on leads.lead_id = numbers.lead_id
    where numbers.lead_id is null

)

select
    cast(
        row_number() over (order by lead_id)
        + (select coalesce(max(numbers.lead_no), 0) from numbers) as integer
    ) as lead_no,
    lead_id
from new_leads
