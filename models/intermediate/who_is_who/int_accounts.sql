with

accounts as (

    select
        *,
        {{ gone_from() }} as gone_from
    from {{ versions_of('accounts') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

versions as (

    select
        as_of_dates.as_of_date,
        accounts.*,
        row_number() over (
            partition by as_of_dates.as_of_date, accounts.account_id
            order by accounts.updated_at desc, accounts._loaded_at desc
        ) as recency
    from accounts
    inner join as_of_dates
        on
        cast(accounts.updated_at as date) <= as_of_dates.as_of_date
        and {{ is_known_by('accounts', 'as_of_dates') }}

),

accounts_as_of as (

    select
        as_of_date,
        account_id,
        account_name,
        domain as account_domain,
        industry as account_industry,
        employee_count as account_employee_count,
        annual_revenue as account_annual_revenue,
        country as account_country,
        is_customer as account_is_customer
    from versions
    where recency = 1 and (gone_from is null or gone_from > as_of_date)

)

select * from accounts_as_of
