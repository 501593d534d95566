with

leads as (

    select * from {{ ref('int_leads') }}

),

ip_organizations as (

    select distinct ip_organization
    from leads
    where ip_organization is not null

),

classified as (

    select
        ip_organization,
        {{ any_pattern_is_found('ip_organization', ref('isp_organizations')) }}
            as is_internet_provider
    from ip_organizations

)

select * from classified
