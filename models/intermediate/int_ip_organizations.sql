with

leads as (

    select * from {{ ref('int_leads') }}

),

internet_provider_patterns as (

    select * from {{ ref('internet_provider_patterns') }}

),

ip_organizations as (

    select distinct ip_organization
    from leads
    where ip_organization is not null

),

classified as (

    select
        ip_organizations.ip_organization,
        count(internet_provider_patterns.pattern) > 0 as is_internet_provider
    from ip_organizations
    left join internet_provider_patterns
        on {{ pattern_is_found(
            'ip_organizations.ip_organization', 'internet_provider_patterns.pattern'
        ) }}
    group by ip_organizations.ip_organization

)

select * from classified
