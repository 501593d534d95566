with

as_of_dates as (

    select
        as_of_date,
        {{ window_opens_after('as_of_date') }} as window_after
    from {{ ref('int_as_of_dates') }}

),

leads as (

    select * from {{ ref('int_leads') }}

),

-- The rows that have newly loaded, from the raw tables: their key fields are not folded.
new_rows as (

    select
        'web.events' as table_name,
        cast(_loaded_at as date) as loaded_on,
        count(*) as row_count,
        count(visitor_id) as with_visitor_id,
        count(email) as with_email
    from {{ ref('base_web__events') }}
    where {{ has_loaded_in_a_window() }}
    group by cast(_loaded_at as date)
    union all
    select
        'email.events' as table_name,
        cast(_loaded_at as date) as loaded_on,
        count(*) as row_count,
        cast(null as {{ dbt.type_bigint() }}) as with_visitor_id,
        count(email) as with_email
    from {{ ref('base_email__events') }}
    where {{ has_loaded_in_a_window() }}
    group by cast(_loaded_at as date)

),

filled as (

    select
        as_of_dates.as_of_date,
        new_rows.table_name,
        sum(new_rows.row_count) as row_count,
        sum(new_rows.with_visitor_id) as with_visitor_id,
        sum(new_rows.with_email) as with_email,
        cast(null as {{ dbt.type_bigint() }}) as with_account_id
    from as_of_dates
    inner join new_rows
        on
        new_rows.loaded_on > as_of_dates.window_after
        and new_rows.loaded_on <= as_of_dates.as_of_date
    group by as_of_dates.as_of_date, new_rows.table_name
    union all
    select
        as_of_date,
        'crm.leads' as table_name,
        count(*) as row_count,
        cast(null as {{ dbt.type_bigint() }}) as with_visitor_id,
        count(email) as with_email,
        count(account_id) as with_account_id
    from leads
    group by as_of_date

)

select * from filled
