-- depends_on: {{ ref('rule_book_problems') }}
with

isp_organizations as (

    select * from {{ ref('isp_organizations') }}

)

select trim(pattern) as pattern from isp_organizations
