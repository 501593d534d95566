{{ config(materialized='table') }}

{{ rows_of_sources('crm.opportunity_stages') }}
