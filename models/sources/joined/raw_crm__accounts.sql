{{ config(materialized='table') }}

{{ rows_of_sources('crm.accounts') }}
