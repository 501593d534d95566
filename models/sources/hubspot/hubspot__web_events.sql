with

submissions as (

    {{ read_vendor_table('hubspot', 'contact_form_submission') }}

),

contacts as (

    {{ read_vendor_table('hubspot', 'contact') }}

),

merged as (

    select * from {{ ref('hubspot__merges') }}

)

-- Whoever sends a form does it in the web: a visitor of their own, who names themselves.
select
    {{ vendor_key('hubspot', "'form:'") }} || coalesce(
        submissions.conversion_id, submissions.form_id || ':' || submissions.timestamp__given
    ) || ':' || submissions.contact_id as event_id,
    {{ vendor_key('hubspot', 'coalesce(merged.survivor_id, submissions.contact_id)') }}
        as visitor_id,
    contacts.property_email as email,
    'form_submit' as event_type,
    submissions.page_url as url,
    submissions.timestamp__given as occurred_at,
    coalesce(submissions._fivetran_synced, submissions.timestamp) as _loaded_at,
    submissions._file_name
from submissions
left join merged on submissions.contact_id = merged.loser_id
left join contacts on coalesce(merged.survivor_id, submissions.contact_id) = contacts.id
