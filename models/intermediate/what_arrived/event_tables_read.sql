-- Written when every day it names has been folded:
-- depends_on: {{ ref('int_crm_event_days') }}, {{ ref('int_email_event_days') }}
-- depends_on: {{ ref('int_web_event_days') }}, {{ ref('int_event_kinds') }}
-- depends_on: {{ ref('int_quarantined_events') }}
with

event_tables as (

    select * from {{ ref('int_event_tables') }}

)

select
    table_name,
    row_count,
    counts_from,
    definition
from event_tables
