with

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

numbers as (

    {{ dbt.generate_series(var('outlook_days') + 1) }}

)

select
    as_of_dates.as_of_date,
    cast(numbers.generated_number - 1 as integer) as days_ahead,
    cast(as_of_dates.as_of_date + cast(numbers.generated_number - 1 as integer) as date)
        as ahead_on
from as_of_dates
cross join numbers
