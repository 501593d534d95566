{# The raw tables of the contract themselves as a source among others: LEADS_SOURCES=hubspot,own reads a
   tracker's web events beside HubSpot. Their ids stay as they are. #}


{% macro own_views() -%}
    {{ return({
        'crm.leads': 'own__leads',
        'crm.lead_attributes': 'own__lead_attributes',
        'crm.accounts': 'own__accounts',
        'crm.opportunities': 'own__opportunities',
        'crm.opportunity_stages': 'own__opportunity_stages',
        'crm.activities': 'own__activities',
        'email.events': 'own__email_events',
        'email.campaigns': 'own__campaigns',
        'web.events': 'own__web_events',
    }) }}
{%- endmacro %}


{% macro own_rows(relation) -%}
    {# A query of the rows of a raw table of the contract; of none where it is not there. #}
    {%- if not execute -%}{{ return('select 1 as parsed') }}{%- endif -%}
    {%- set rows = raw_files(relation) or find_relation(relation) -%}
    {%- set columns = [] -%}
    {%- for column in raw_contract(relation).columns.values() -%}
        {%- do columns.append('cast(null as ' ~ contract_type(column.data_type) ~ ') as ' ~ column.name) -%}
    {%- endfor -%}
    {{ return('select * from ' ~ rows if rows else 'select ' ~ columns | join(', ') ~ ' where 1 = 0') }}
{%- endmacro %}
