with

lead_outcomes as (

    select * from {{ ref('int_lead_outcomes') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

said as (

    select
        lead_outcomes.lead_no,
        {{ dbt.listagg(
            "cast(lead_outcomes.model_no as " ~ dbt.type_string() ~ ")"
            ~ " || case when lead_outcomes.has_outcome then '+' else '-' end",
            "' '", 'order by lead_outcomes.model_no'
        ) }} as outcomes
    from lead_outcomes
    inner join newest_day on lead_outcomes.as_of_date = newest_day.as_of_date
    group by lead_outcomes.lead_no

)

select
    lead_no,
    cast(dense_rank() over (order by outcomes) as integer) as class_no
from said
