with

as_of_dates as (

    {{ stack_as_of_dates() }}

),

activity_horizon as (

    select * from {{ ref('activity_horizon') }}

)

select
    as_of_dates.as_of_date,
    as_of_dates.known_until,
    cast(as_of_dates.as_of_date - cast(activity_horizon.horizon_days as integer) as date)
        as counts_from,
    {{ rules_sha256() }} as rules_sha256
from as_of_dates
cross join activity_horizon
