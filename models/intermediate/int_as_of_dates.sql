with

as_of_dates as (

    select {{ as_of_date() }} as as_of_date

)

select * from as_of_dates
