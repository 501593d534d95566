{% macro make_state_tables() -%}
    {# For `leads restore`, which fills them where nothing is built yet. #}
    {%- do run_query(create_lead_tiers()) -%}
    {%- do run_query(create_evidence()) -%}
{%- endmacro %}
