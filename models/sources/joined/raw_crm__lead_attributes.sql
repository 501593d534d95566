{{ config(materialized='table') }}

{{ rows_of_sources('crm.lead_attributes') }}
