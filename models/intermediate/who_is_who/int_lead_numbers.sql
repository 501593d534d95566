with

leads as (

    select distinct lead_id from {{ versions_of('leads') }}

)

-- In the order of the ids: to sort by the number is to sort by the id.
select
    cast(row_number() over (order by lead_id) as integer) as lead_no,
    lead_id
from leads
