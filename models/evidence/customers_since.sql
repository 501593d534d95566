with

newest_day as (

    select
        max(as_of_date) as as_of_date,
        max(known_until) as known_until
    from {{ ref('int_as_of_dates') }}

),

profiles as (

    select profiles.*
    from {{ ref('int_lead_profiles') }} as profiles
    inner join newest_day on profiles.as_of_date = newest_day.as_of_date
    where profiles.is_existing_customer

),

accounts as (

    select accounts.*
    from {{ ref('stg_crm__accounts') }} as accounts
    inner join newest_day on {{ is_known_by('accounts', 'newest_day') }}
    where accounts.is_customer

),

deals as (

    select deals.*
    from {{ ref('int_lead_deals') }} as deals
    inner join newest_day on deals.as_of_date = newest_day.as_of_date
    where deals.deal_state = 'won'

),

days as (

    select
        lead_no,
        deal_state_on as happened_on
    from deals
    union all
    select
        profiles.lead_no,
        cast(accounts.updated_at as date) as happened_on
    from profiles
    inner join accounts on profiles.account_id = accounts.account_id

)

select
    profiles.lead_no,
    min(days.happened_on) as customer_since
from profiles
left join days on profiles.lead_no = days.lead_no
group by profiles.lead_no
