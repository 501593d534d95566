with

numbers as (

    {{ dbt.generate_series(var('events_kept_days') + var('outlook_days') + 1) }}

)

select cast(generated_number - 1 as integer) as age
from numbers
