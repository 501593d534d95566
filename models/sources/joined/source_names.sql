{{ config(materialized='table') }}

{{ join_names() }}
