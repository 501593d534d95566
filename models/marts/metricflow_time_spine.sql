with

ages as (

    select * from {{ ref('ages') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from as_of_dates

)

select cast({{ dbt.dateadd('day', '-ages.age', 'newest_day.as_of_date') }} as date) as date_day
from ages
cross join newest_day
