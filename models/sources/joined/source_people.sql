{{ config(materialized='table') }}

{{ join_people() }}
