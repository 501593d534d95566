with

leads as (

    select * from {{ ref('int_leads') }}

),

isp_organizations as (

    select * from {{ ref('isp_organizations') }}

),

ip_organizations as (

    select distinct ip_organization
    from leads
    where ip_organization is not null

),

classified as (

    select
        ip_organizations.ip_organization,
        count(isp_organizations.pattern) > 0 as is_internet_provider
    from ip_organizations
    left join isp_organizations
        on {{ pattern_is_found('ip_organizations.ip_organization', 'isp_organizations.pattern') }}
    group by ip_organizations.ip_organization

)

select * from classified
