{{ config(materialized='table') }}

{{ rows_of_sources('email.events') }}
