{# What HubSpot's views are, and the SQL of them that is written for many columns or tables alike.
   docs/decisions/0029-sources.md says why each is as it is. #}


{% macro hubspot_views() -%}
    {# The views by the raw tables that they are rows of, and what else sources.sql asks for. #}
    {{ return({
        'crm.leads': 'hubspot__leads',
        'crm.lead_attributes': 'hubspot__lead_attributes',
        'crm.accounts': 'hubspot__accounts',
        'crm.opportunities': 'hubspot__opportunities',
        'crm.opportunity_stages': 'hubspot__opportunity_stages',
        'crm.activities': 'hubspot__activities',
        'email.events': 'hubspot__email_events',
        'email.campaigns': 'hubspot__campaigns',
        'web.events': 'hubspot__web_events',
        'aliases': 'hubspot__aliases',
        'row_counts': 'hubspot__row_counts',
    }) }}
{%- endmacro %}


{% macro contact_properties() -%}
    {# The properties of a contact that its versions have. The address is not among them: whoever had
       another one before is found by today's. #}
    {{ return([
        'firstname', 'lastname', 'phone', 'jobtitle', 'company', 'website', 'industry', 'numemployees',
        'annualrevenue', 'country', 'hs_country_region_code', 'state', 'city', 'hs_analytics_source',
        'associatedcompanyid', 'hubspot_owner_id', 'lifecyclestage', 'hs_email_optout',
    ]) }}
{%- endmacro %}


{% macro company_properties() -%}
    {{ return([
        'name', 'domain', 'industry', 'numberofemployees', 'annualrevenue', 'country', 'hs_country_code',
        'lifecyclestage',
    ]) }}
{%- endmacro %}


{% macro deal_properties() -%}
    {{ return(['amount', 'closedate', 'dealstage']) }}
{%- endmacro %}


{% macro read_engagements() -%}
    {# The rows of all tables of engagements under one another, with their kind. #}
    {%- for kind in ['call', 'communication', 'email', 'meeting', 'note', 'task'] %}
    select
        '{{ kind }}' as kind,
        read_rows.*
    from (
        {{ read_vendor_table('hubspot', 'engagement_' ~ kind, {
            'engagement_id': 'text', 'property_hs_timestamp': 'timestamp', 'start_time': 'timestamp',
            'property_hs_createdate': 'timestamp', 'property_hs_task_completion_date': 'timestamp',
            'completion_date': 'timestamp', 'title': 'text', 'property_hs_call_title': 'text',
            'property_hs_meeting_title': 'text', 'property_hs_email_subject': 'text',
            'property_hs_email_direction': 'text', 'property_hs_task_subject': 'text',
            'meeting_outcome': 'text', 'property_hs_meeting_outcome': 'text',
            '_fivetran_deleted': 'boolean', '_fivetran_synced': 'timestamp'
        }) }}
    ) as read_rows
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro hubspot_field_columns() -%}
    {# The columns of contacts that hold the custom fields of the var hubspot_fields. #}
    {%- set columns = {
        'id': 'text', 'property_createdate': 'timestamp', 'property_lastmodifieddate': 'timestamp',
        '_fivetran_synced': 'timestamp',
    } -%}
    {%- for name in var('hubspot_fields') -%}
        {%- do columns.update({'property_' ~ name: 'text'}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}


{% macro unpivot_hubspot_fields() -%}
    {# One row per contact and custom field with a value, and how it goes on. #}
    {%- for name in var('hubspot_fields') %}
    select
        id,
        '{{ name }}' as attribute,
        property_{{ name }} as value,
        coalesce(property_lastmodifieddate, property_createdate) as updated_at,
        _fivetran_synced,
        _file_name
    from (
        {{ read_vendor_table('hubspot', 'contact', hubspot_field_columns()) }}
    ) as contacts
    where property_{{ name }} is not null
    union all
    {%- endfor %}
{%- endmacro %}
