with

people as (

    select * from {{ ref('int_people') }}

),

addresses as (

    select distinct
        as_of_date,
        email,
        person_lead_id as lead_id
    from people
    where email is not null

)

select * from addresses
