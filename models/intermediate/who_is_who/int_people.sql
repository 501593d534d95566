with

leads as (

    select * from {{ ref('int_leads') }}

),

-- Leads with one address are one person: the oldest of them stands for all.
people as (

    select
        as_of_date,
        lead_no,
        lead_id,
        lead_key,
        email,
        first_value(lead_id) over (
            partition by as_of_date, coalesce(email, lead_id), email is null
            order by created_at, lead_id
        ) as person_lead_id,
        first_value(lead_no) over (
            partition by as_of_date, coalesce(email, lead_id), email is null
            order by created_at, lead_id
        ) as person_lead_no
    from leads

)

select * from people
