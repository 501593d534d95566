{# What is written alike for several raw tables: the three event tables, which are folded and keep
   their rows where they lie, and the tables that are staged whole. #}


{% macro stack_event_rows(columns, condition='true') -%}
    {# Rows of the event tables, checked, under one another: table_name and the columns, in which {id}
       stands for the key. `condition` is a text, or a macro that has one for a table's name. #}
    {%- set tables = [
        ('crm.activities', ref('base_crm__activities'), 'activity_id'),
        ('email.events', ref('base_email__events'), 'event_id'),
        ('web.events', ref('base_web__events'), 'event_id'),
    ] -%}
    {%- for name, relation, id in tables %}
    select
        '{{ name }}' as table_name,
        {{ columns.replace('{id}', id) }}
    from {{ relation }}
    where {{ condition if condition is string else condition(name) }}
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro stack_whole_tables(template) -%}
    {# A query once per table that is staged whole, under one another: {table} stands for its name,
       {rows} for how many rows it has where it lies, {checked} and {staged} for its models. #}
    {%- set tables = [
        ('crm.leads', ref('base_crm__leads'), ref('stg_crm__leads')),
        ('crm.lead_attributes', ref('base_crm__lead_attributes'), ref('stg_crm__lead_attributes')),
        ('crm.accounts', ref('base_crm__accounts'), ref('stg_crm__accounts')),
        ('crm.opportunities', ref('base_crm__opportunities'), ref('stg_crm__opportunities')),
        ('crm.opportunity_stages', ref('base_crm__opportunity_stages'), ref('stg_crm__opportunity_stages')),
        ('crm.lead_feedback', ref('base_crm__lead_feedback'), ref('stg_crm__lead_feedback')),
        ('email.campaigns', ref('base_email__campaigns'), ref('stg_email__campaigns')),
    ] -%}
    {%- for name, checked, staged in tables %}
    {{ template.replace('{table}', name).replace('{checked}', checked | string)
        .replace('{staged}', staged | string)
        .replace('{rows}', count_raw_rows(source(name.split('.')[0], name.split('.')[1]))) }}
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro web_event_columns() -%}
    {# The columns of stg_web__events, made of checked rows: where the rows of some visitors are read
       again, too. #}
    event_id,
        visitor_id,
        lower(email) as email,
        event_type,
        url,
        search_term,
        referrer,
        user_agent,
        occurred_at,
        _loaded_at,
        occurred_on
{%- endmacro %}
