with

leads as (

    select * from {{ ref('int_leads') }}

),

ranked as (

    select
        as_of_date,
        email,
        lead_id,
        row_number() over (
            partition by as_of_date, email order by created_at, lead_id
        ) as seniority
    from leads
    where email is not null

),

addresses as (

    select
        as_of_date,
        email,
        lead_id
    from ranked
    where seniority = 1

)

select * from addresses
