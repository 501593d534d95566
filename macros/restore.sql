{% macro make_state_tables() -%}
    {# For `leads restore` and for what was erased, which fill them where nothing is built yet. #}
    {%- for statements in [create_lead_tiers(), create_evidence(), create_erased_people()] -%}
        {%- set left = run_one_by_one(statements) -%}
        {%- do run_query(left) if left -%}
    {%- endfor -%}
{%- endmacro %}
