{{ config(materialized='table') }}

{{ rows_of_sources('crm.activities') }}
