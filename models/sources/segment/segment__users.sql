{{ config(materialized='table') }}

with

users as (

    {{ read_vendor_table('segment', 'users') }}

),

identifies as (

    {{ read_vendor_table('segment', 'identifies') }}

),

-- What the table of users says is what is so today; who is in none is known by the last call.
named as (

    select
        {{ known_user('id') }} as user_id,
        email,
        received_at as named_at,
        1 as precedence
    from users
    union all
    select
        {{ known_user('user_id') }} as user_id,
        email,
        coalesce(timestamp, received_at) as named_at,
        2 as precedence
    from identifies
    union all
    select
        id as user_id,
        {{ address_in('id') }} as email,
        cast(null as {{ dbt.type_timestamp() }}) as named_at,
        3 as precedence
    from users
    union all
    select
        user_id,
        {{ address_in('user_id') }} as email,
        cast(null as {{ dbt.type_timestamp() }}) as named_at,
        3 as precedence
    from identifies

),

ranked as (

    select
        user_id,
        email,
        row_number() over (
            partition by user_id
            order by
                precedence asc,
                case when named_at is null then 1 else 0 end asc,
                named_at desc,
                email asc
        ) as place
    from named
    where user_id is not null and email is not null

)

select
    user_id,
    email
from ranked
where place = 1
