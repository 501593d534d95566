with

lead_attributes as (

    select
        *,
        {{ gone_from() }} as gone_from
    from {{ versions_of('lead_attributes') }}

),

custom_attributes as (

    select * from {{ ref('custom_attributes') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

),

versions as (

    select
        as_of_dates.as_of_date,
        lead_attributes.lead_id,
        lead_attributes.attribute,
        lead_attributes.value,
        lead_attributes.gone_from,
        row_number() over (
            partition by
                as_of_dates.as_of_date, lead_attributes.lead_id, lead_attributes.attribute
            order by
                lead_attributes.updated_at desc, lead_attributes._loaded_at desc,
                lead_attributes.value desc nulls last
        ) as recency
    from lead_attributes
    inner join as_of_dates
        on
        cast(lead_attributes.updated_at as date) <= as_of_dates.as_of_date
        and {{ is_known_by('lead_attributes', 'as_of_dates') }}
    inner join custom_attributes
        on lead_attributes.attribute = trim(custom_attributes.attribute)

),

custom_attributes_as_of as (

    select
        versions.as_of_date,
        lead_numbers.lead_no,
        versions.attribute,
        versions.value
    from versions
    inner join lead_numbers on versions.lead_id = lead_numbers.lead_id
    where
        versions.recency = 1
        and versions.value is not null
        and (versions.gone_from is null or versions.gone_from > versions.as_of_date)

)

select * from custom_attributes_as_of
