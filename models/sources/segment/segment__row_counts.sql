-- Each row of each table that is read is in one row here: in a raw table, or left out for a reason.
with

{{ read_vendor_tables('segment', ['users']) }},

outcomes as (

    select
        vendor_table,
        case when left_out is null then 'web.events' end as table_name,
        left_out as reason
    from {{ ref('segment__events') }}
    union all
    select
        'users' as vendor_table,
        case
            when email is not null or {{ address_in('id') }} is not null then 'web.events'
        end as table_name,
        case
            when email is not null or {{ address_in('id') }} is not null
                then 'tells the address of a user'
            else 'has no address'
        end as reason
    from users

)

{{ count_outcomes() }}
