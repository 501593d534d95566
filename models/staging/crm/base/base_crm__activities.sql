{{ config(materialized='view') }}

{{ read_checked_rows(source('crm', 'activities')) }}
