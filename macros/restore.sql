{% macro make_state_tables() -%}
    {# For `leads restore` and for what was erased, which fill them where nothing is built yet. #}
    {%- do run_query(create_lead_tiers()) -%}
    {%- do run_query(create_evidence()) -%}
    {%- do run_query(create_erased_people()) -%}
{%- endmacro %}
