{# Sources that map themselves: LEADS_SOURCES names vendors whose tables, as Fivetran lands them, become
   raw tables of the contract. Why each is mapped as it is: docs/decisions/0029-sources.md. Without
   LEADS_SOURCES nothing here does anything. #}


{% macro sources() -%}
    {# The vendors that are read, in order; none where the contract's own tables are. #}
    {%- set names = [] -%}
    {%- for name in var('sources', env_var('LEADS_SOURCES', '')).split(',') if name.strip() -%}
        {%- if name.strip() not in vendors() -%}
            {%- do exceptions.raise_compiler_error(
                "LEADS_SOURCES names '" ~ name.strip() ~ "', which is no source: "
                ~ vendors() | join(', ') ~ " can be read."
            ) -%}
        {%- endif -%}
        {%- do names.append(name.strip()) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{% macro vendors() -%}
    {# Of each vendor the tables that are read, and the views they become: {raw table: view}. #}
    {{ return({
        'hubspot': {
            'tables': [
                'contact', 'contact_property_history', 'contact_merge_audit', 'contact_form_submission',
                'contact_list', 'contact_list_member', 'company', 'deal', 'deal_contact', 'deal_company',
                'deal_stage', 'deal_pipeline_stage', 'merged_deal', 'email_campaign', 'email_event',
                'email_event_bounce', 'email_event_click', 'email_event_open',
                'email_event_status_change', 'engagement_contact', 'engagement_call',
                'engagement_communication', 'engagement_email', 'engagement_meeting',
                'engagement_note', 'engagement_task',
            ],
            'views': {
                'crm.leads': 'hubspot__leads',
                'crm.lead_attributes': 'hubspot__lead_attributes',
                'crm.accounts': 'hubspot__accounts',
                'crm.opportunities': 'hubspot__opportunities',
                'crm.opportunity_stages': 'hubspot__opportunity_stages',
                'crm.activities': 'hubspot__activities',
                'email.events': 'hubspot__email_events',
                'email.campaigns': 'hubspot__campaigns',
            },
        },
    }) }}
{%- endmacro %}


{% macro depend_on_sources() -%}
    {# Has a model that reads raw tables come after the vendors' views. Which raw table it is can not be
       known while dbt reads the project: after all of them. #}
    {%- for vendor in sources() -%}
        {%- for view in vendors()[vendor].views.values() -%}
            {%- do ref(view) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{% macro source_rows(relation) -%}
    {# The SQL to select a raw table from where vendors are read: their views under one another, each
       column of one type; none where no vendor has such rows. #}
    {%- set contract = raw_contract(relation) -%}
    {%- set name = contract.source_name ~ '.' ~ contract.name -%}
    {%- set views = [] -%}
    {%- for vendor in sources() if vendors()[vendor].views.get(name) -%}
        {%- set view = ref(vendors()[vendor].views[name]) -%}
        {%- do views.append([view, raw_columns(load_relation(view))]) -%}
    {%- endfor -%}
    {%- if views | length < 2 -%}
        {{ return(views[0][0] if views else none) }}
    {%- endif -%}
    {%- set parts = [] -%}
    {%- for view, physical in views -%}
        {%- set columns = [] -%}
        {%- for column in contract.columns.values() -%}
            {%- set types = views | map(attribute=1) | map(attribute=column.name) | select | unique | list -%}
            {%- set type = types[0] if types | length == 1 else dbt.type_string() -%}
            {%- do columns.append(
                'cast(' ~ (column.name if column.name in physical else 'null') ~ ' as ' ~ type ~ ') as ' ~ column.name
            ) -%}
        {%- endfor -%}
        {%- do parts.append('select ' ~ columns | join(', ') ~ ' from ' ~ view) -%}
    {%- endfor -%}
    {{ return('(' ~ parts | join(' union all ') ~ ') as rows_of_sources') }}
{%- endmacro %}


{% macro vendor_rows(vendor, table) -%}
    {# The SQL to select a vendor's table from: files under LEADS_RAW/<vendor>/, else the table in the
       warehouse's schema (var <vendor>_schema, else the vendor's name); none where it is not there. #}
    {%- if not execute -%}{{ return(none) }}{%- endif -%}
    {{ return(
        files_of_table(vendor ~ '.' ~ table)
        or load_relation(api.Relation.create(target.database, var(vendor ~ '_schema', vendor), table))
    ) }}
{%- endmacro %}


{% macro read_vendor_table(vendor, table, columns) -%}
    {# A query of some columns of a vendor's table, {name: type}; a table that is not there has no
       rows, a column that is not there is null. A name is found with or without underscores and
       capitals (AccountId). Types:
       - text: without blanks around it, null where nothing is left,
       - timestamp, boolean: read as the contract reads them, null where they cannot be,
       - given: as it is, for the contract to read and to say what is wrong with it; of a time that is
         written 2024-12-30 3:15:52, the hour has two digits. #}
    {%- set rows = vendor_rows(vendor, table) -%}
    {%- set found = {} -%}
    {%- for column in columns_of_rows(rows) if rows -%}
        {%- for key in [column.name | lower | replace('_', ''), column.name | lower] -%}
            {%- do found.update({key: column}) -%}
        {%- endfor -%}
    {%- endfor -%}
    select
    {%- for name, type in columns.items() %}
        {{ read_vendor_column(found.get(name) or found.get(name | replace('_', '')), type) }} as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
    {%- if rows %}
    from {{ rows }}
    {%- else %}
    where 1 = 0
    {%- endif %}
{%- endmacro %}


{% macro read_vendor_column(column, type) -%}
    {%- if not column -%}
        {%- set types = {'timestamp': dbt.type_timestamp(), 'boolean': dbt.type_boolean()} -%}
        cast(null as {{ types.get(type, dbt.type_string()) }})
    {%- else -%}
        {%- set physical = column.data_type | lower -%}
        {%- set kind = physical_kind(physical) -%}
        {%- set name = adapter.quote(column.name) -%}
        {%- set text = read_text(name, physical) -%}
        {%- if type == 'text' -%}
            {{ text }}
        {%- elif type == 'boolean' -%}
            {{ read_boolean(text if kind == 'text' else name, kind) }}
        {%- elif type == 'timestamp' -%}
            {{ read_timestamp(pad_hour(text) if kind == 'text' else name, kind, physical) }}
        {%- elif kind == 'text' -%}
            {{ pad_hour(text) }}
        {%- else -%}
            {{ name }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro pad_hour(text) -%}
    {# 2024-12-30 03:15:52 of 2024-12-30 3:15:52. #}
    regexp_replace({{ text }}, '^([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]):', '\1 0\2:')
{%- endmacro %}


{% macro plain_number(text) -%}
    {# A number as the contract takes one; null where it is written otherwise ("1-5", "$1M"): a person
       is not set aside for the size of the company. #}
    case when {{ matches_pattern(text, '^[0-9]+([.][0-9]+)?$') }} then {{ text }} end
{%- endmacro %}


{% macro vendor_key(vendor, id) -%}
    {# An id that carries its source, hubspot:501; null where there is no id. #}
    '{{ vendor }}:' || {{ id }}
{%- endmacro %}
