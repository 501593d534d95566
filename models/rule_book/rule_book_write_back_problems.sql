{{ config(materialized=branch_of_union()) }}

with

file_rows as (

    select * from {{ ref('rule_book_rows') }}
    where file_name = 'write_back'

)

{{ problem_rows(
    'file_rows', 'property',
    "lower(property) = 'lifecyclestage'",
    "'is moved by HubSpot itself, forward only: it is never written. Choose a property of your own'"
) }}
union all
{{ problem_rows(
    'file_rows', 'property',
    "crm = 'hubspot' and not (" ~ matches_pattern('property', '^[a-z][a-z0-9_]*$') ~ ')',
    "'is not the internal name of a property: small letters, digits and _, as lead_score'"
) }}
union all
{{ problem_rows(
    'file_rows', 'property',
    "crm = 'salesforce' and (lower(property) in ('id', 'attributes') or not ("
    ~ matches_pattern('property', '^[A-Za-z][A-Za-z0-9_]*$') ~ '))',
    "'is not the API name of a field that can be written, as Lead_Score__c'"
) }}
union all
{{ problem_rows(
    'file_rows', 'decimals',
    read_number('decimals') ~ ' <> floor(' ~ read_number('decimals') ~ ')',
    "'is not a whole number of decimals'"
) }}
