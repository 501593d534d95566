{% macro create_lead_tiers() -%}
    {# The empty tables that the tiering writes into, so that a plain `dbt build` works before any
       tiering. Their columns are described in models/marts/_lead_tiers__sources.yml. #}
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
    );
    {# The history lies in two: a day changes rows that are still so all over the first table and
       only appends to the second, so that its cost does not grow with the years. #}
    create table if not exists {{ target.schema }}.lead_score_current (
        model_id {{ dbt.type_string() }} not null,
        lead_id {{ dbt.type_string() }} not null,
        valid_from date not null,
        score {{ dbt.type_bigint() }},
        tier {{ dbt.type_string() }},
        tier_since date not null
    );
    create table if not exists {{ target.schema }}.lead_score_past (
        model_id {{ dbt.type_string() }} not null,
        lead_id {{ dbt.type_string() }} not null,
        valid_from date not null,
        valid_to date not null,
        score {{ dbt.type_bigint() }},
        tier {{ dbt.type_string() }},
        tier_since date not null
    );
    create or replace view {{ target.schema }}.lead_score_history as
    select
        model_id, lead_id, valid_from, valid_to, score, tier, tier_since
    from {{ target.schema }}.lead_score_past
    union all
    select
        model_id, lead_id, valid_from, cast(null as date), score, tier, tier_since
    from {{ target.schema }}.lead_score_current;
    create table if not exists {{ target.schema }}.scored_days (
        model_id {{ dbt.type_string() }} not null,
        as_of_date date not null
    )
{%- endmacro %}
