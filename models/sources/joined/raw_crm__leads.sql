{{ config(materialized='table') }}

{{ join_leads() }}
