{{ config(severity='warn') }}
-- A failing row is a lead whose e-mail field holds more than one address: it is nobody's address, so
-- the lead counts as one with an invalid address and what was done by either is not its own.
-- Whoever owns the CRM should leave the main address in the field.
select distinct lead_id
from {{ ref('int_leads') }}
where {{ matches_pattern('email', '@[^@]+[;,|/ ]+[^@]+@') }}
