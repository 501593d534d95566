with

people as (

    select * from {{ ref('int_people') }}

),

addresses as (

    select distinct
        as_of_date,
        {{ key_of('email') }} as email_key,
        email,
        person_lead_no as lead_no
    from people
    where email is not null

)

select * from addresses
