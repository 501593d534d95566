with

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

caps as (

    select * from {{ ref('rules') }}
    where kind = 'cap'

),

held as (

    {{ stack_held_dimensions('lead_totals') }}

)

select
    held.as_of_date,
    held.lead_no,
    caps.rule_no,
    held.points
from held
inner join caps on held.model_no = caps.model_no and held.dimension = caps.dimension
