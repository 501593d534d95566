-- Written when every day it names has been folded:
-- depends_on: {{ ref('event_tables_read') }}
with

event_loads as (

    select * from {{ ref('int_event_loads') }}

)

select * from event_loads
