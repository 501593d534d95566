{% macro create_lead_tiers() -%}
    {# The empty table that the tiering writes into, so that a plain `dbt build` works before any
       tiering. Its columns are described in models/marts/_lead_tiers__sources.yml. #}
    create table if not exists {{ target.schema }}.lead_tiers (
        as_of_date date not null,
        model_id {{ dbt.type_string() }} not null,
        lead_id {{ dbt.type_string() }} not null,
        grade {{ dbt.type_string() }},
        temperature {{ dbt.type_string() }},
        tier {{ dbt.type_string() }},
        previous_tier {{ dbt.type_string() }},
        tier_since date not null,
        is_new_tier {{ dbt.type_boolean() }} not null,
        stage {{ dbt.type_string() }},
        action {{ dbt.type_string() }},
        sla_hours {{ dbt.type_bigint() }}
    )
{%- endmacro %}
