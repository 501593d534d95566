{# Versions of CRM rows: the raw change log where there is one, a snapshot where the source
   overwrites (the var crm_overwrites). #}


{% macro versions_of(table) -%}
    {# The relation with every version of a CRM table's rows. #}
    {%- if var('crm_overwrites') -%}
        {{ return(ref('crm_' ~ table ~ '_snapshot')) }}
    {%- endif -%}
    {{ return(ref('stg_crm__' ~ table)) }}
{%- endmacro %}


{% macro gone_from() -%}
    {# From which day on the row of a version is gone from its table, or null; for a select list. #}
    {%- if var('crm_overwrites') -%}
        cast(dbt_valid_to as date)
    {%- else -%}
        cast(null as date)
    {%- endif -%}
{%- endmacro %}
