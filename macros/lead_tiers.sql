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
        sla_hours {{ dbt.type_bigint() }},
        tier_by_score {{ dbt.type_string() }},
        tier_reason {{ dbt.type_string() }}
    );
    {# Warehouses made before those two columns were. #}
    alter table {{ target.schema }}.lead_tiers
        add column if not exists tier_by_score {{ dbt.type_string() }};
    alter table {{ target.schema }}.lead_tiers
        add column if not exists tier_reason {{ dbt.type_string() }};
    {# The history lies in two: a day changes rows that are still so all over the first table and
       only appends to the second, so that its cost does not grow with the years. #}
    create table if not exists {{ target.schema }}.lead_score_current (
        model_id {{ dbt.type_string() }} not null,
        lead_id {{ dbt.type_string() }} not null,
        valid_from date not null,
        score {{ dbt.type_bigint() }},
        tier {{ dbt.type_string() }},
        tier_since date not null,
        tier_by_score {{ dbt.type_string() }}
    );
    create table if not exists {{ target.schema }}.lead_score_past (
        model_id {{ dbt.type_string() }} not null,
        lead_id {{ dbt.type_string() }} not null,
        valid_from date not null,
        valid_to date not null,
        score {{ dbt.type_bigint() }},
        tier {{ dbt.type_string() }},
        tier_since date not null,
        tier_by_score {{ dbt.type_string() }}
    );
    {# Warehouses made before that column was. #}
    alter table {{ target.schema }}.lead_score_current
        add column if not exists tier_by_score {{ dbt.type_string() }};
    alter table {{ target.schema }}.lead_score_past
        add column if not exists tier_by_score {{ dbt.type_string() }};
    create or replace view {{ target.schema }}.lead_score_history as
    select
        model_id, lead_id, valid_from, valid_to, score, tier, tier_by_score, tier_since
    from {{ target.schema }}.lead_score_past
    union all
    select
        model_id, lead_id, valid_from, cast(null as date), score, tier, tier_by_score, tier_since
    from {{ target.schema }}.lead_score_current;
    {# The parts in which the history is published, with another id whenever one was written. #}
    create table if not exists {{ target.schema }}.lead_score_history_parts (
        part {{ dbt.type_string() }} not null,
        written_id {{ dbt.type_string() }} not null
    );
    create table if not exists {{ target.schema }}.scored_days (
        model_id {{ dbt.type_string() }} not null,
        as_of_date date not null
    );
    create table if not exists {{ target.schema }}.tier_cut_offs (
        as_of_date date not null,
        model_id {{ dbt.type_string() }} not null,
        tier {{ dbt.type_string() }} not null,
        enter_at decimal(12, 4) not null,
        capacity {{ dbt.type_bigint() }},
        cut_off decimal(12, 4),
        leads {{ dbt.type_bigint() }} not null,
        turned_away {{ dbt.type_bigint() }} not null
    );
    create table if not exists {{ target.schema }}.hand_overs (
        idempotency_key {{ dbt.type_string() }} not null,
        model_id {{ dbt.type_string() }} not null,
        lead_id {{ dbt.type_string() }} not null,
        hand_over_number {{ dbt.type_bigint() }} not null,
        due_on date not null,
        account_id {{ dbt.type_string() }},
        tier {{ dbt.type_string() }} not null,
        grade {{ dbt.type_string() }},
        action {{ dbt.type_string() }},
        sla_hours {{ dbt.type_bigint() }},
        score decimal(12, 4) not null,
        reasons {{ dbt.type_string() }},
        released_at {{ dbt.type_timestamp() }},
        recycled_on date,
        recycle_reason {{ dbt.type_string() }},
        draw_probability decimal(5, 4),
        loaded_at {{ dbt.type_timestamp() }},
        scored_at {{ dbt.type_timestamp() }}
    );
    {# Warehouses made before these columns were. #}
    alter table {{ target.schema }}.hand_overs
        add column if not exists draw_probability decimal(5, 4);
    alter table {{ target.schema }}.hand_overs
        add column if not exists loaded_at {{ dbt.type_timestamp() }};
    alter table {{ target.schema }}.hand_overs
        add column if not exists scored_at {{ dbt.type_timestamp() }};
    create table if not exists {{ target.schema }}.hand_over_rules (
        idempotency_key {{ dbt.type_string() }} not null,
        rule_id {{ dbt.type_string() }} not null,
        points decimal(12, 4) not null
    );
    {# Filled in publications of intraday runs alone: after a daily run all are scored at once. #}
    create table if not exists {{ target.schema }}.intraday_leads (
        lead_id {{ dbt.type_string() }} not null,
        loaded_at {{ dbt.type_timestamp() }} not null,
        scored_at {{ dbt.type_timestamp() }} not null
    );
    create table if not exists {{ target.schema }}.lead_score_changes (
        as_of_date date not null,
        model_id {{ dbt.type_string() }} not null,
        lead_id {{ dbt.type_string() }} not null,
        rule_id {{ dbt.type_string() }} not null,
        dimension {{ dbt.type_string() }},
        reason {{ dbt.type_string() }},
        since date not null,
        points_before decimal(12, 4) not null,
        points_now decimal(12, 4) not null,
        change decimal(12, 4) not null,
        kind {{ dbt.type_string() }} not null
    );
    create table if not exists {{ target.schema }}.published_promises (
        as_of_date date not null,
        model_id {{ dbt.type_string() }} not null,
        kind {{ dbt.type_string() }} not null,
        name {{ dbt.type_string() }} not null,
        outcome_key {{ dbt.type_string() }} not null,
        leads {{ dbt.type_bigint() }} not null,
        rate decimal(5, 4),
        low decimal(5, 4),
        high decimal(5, 4)
    );
    create table if not exists {{ target.schema }}.feed_health (
        as_of_date date not null,
        table_name {{ dbt.type_string() }} not null,
        measure {{ dbt.type_string() }} not null,
        value decimal(18, 4) not null,
        usual_low decimal(18, 4),
        usual_high decimal(18, 4),
        row_count {{ dbt.type_bigint() }},
        verdict {{ dbt.type_string() }} not null,
        accepted_by {{ dbt.type_string() }},
        accepted_because {{ dbt.type_string() }},
        what_to_do {{ dbt.type_string() }}
    );
    create table if not exists {{ target.schema }}.score_health (
        as_of_date date not null,
        model_id {{ dbt.type_string() }} not null,
        measure {{ dbt.type_string() }} not null,
        value decimal(18, 4) not null,
        usual_low decimal(18, 4),
        usual_high decimal(18, 4),
        row_count {{ dbt.type_bigint() }},
        verdict {{ dbt.type_string() }} not null,
        accepted_by {{ dbt.type_string() }},
        accepted_because {{ dbt.type_string() }},
        what_to_do {{ dbt.type_string() }}
    )
{%- endmacro %}
