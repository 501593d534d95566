{# What `leads backtest` keeps in the warehouse: what came of the leads of past days. #}


{% macro create_evidence() -%}
    {# The empty tables that a back-test writes into, so that a plain `dbt build` works before any.
       Their columns are described in models/evidence/_evidence__sources.yml. #}
    create table if not exists {{ target.schema }}.backtest (
        model_id {{ dbt.type_string() }} not null,
        as_of_date date not null,
        segment {{ dbt.type_string() }} not null,
        metric {{ dbt.type_string() }} not null,
        value {{ type_double() }},
        low {{ type_double() }},
        high {{ type_double() }},
        leads {{ dbt.type_bigint() }} not null,
        outcomes {{ dbt.type_bigint() }} not null
    );
    create table if not exists {{ target.schema }}.leakage (
        as_of_date date not null,
        model_id {{ dbt.type_string() }} not null,
        kind {{ dbt.type_string() }} not null,
        name {{ dbt.type_string() }} not null,
        rules {{ dbt.type_bigint() }} not null,
        leads_with {{ dbt.type_bigint() }} not null,
        outcomes_with {{ dbt.type_bigint() }} not null,
        outcomes_moved {{ dbt.type_bigint() }} not null,
        moved_after {{ dbt.type_bigint() }} not null,
        backdated {{ dbt.type_bigint() }} not null,
        finding {{ dbt.type_string() }} not null,
        finding_text {{ dbt.type_string() }} not null
    );
    create table if not exists {{ target.schema }}.backtest_cohorts (
        model_id {{ dbt.type_string() }} not null,
        as_of_date date not null,
        outcome_key {{ dbt.type_string() }} not null,
        horizon_days {{ dbt.type_bigint() }} not null,
        tier {{ dbt.type_string() }},
        grade {{ dbt.type_string() }},
        score {{ dbt.type_bigint() }} not null,
        deal_stage_pct {{ dbt.type_bigint() }} not null,
        sales_activities {{ dbt.type_bigint() }} not null,
        leads {{ dbt.type_bigint() }} not null,
        outcomes {{ dbt.type_bigint() }} not null
    );
    create table if not exists {{ target.schema }}.model_confidence (
        model_id {{ dbt.type_string() }} not null,
        fitted_on date not null,
        outcome_key {{ dbt.type_string() }} not null,
        kind {{ dbt.type_string() }} not null,
        leads {{ dbt.type_bigint() }} not null,
        outcomes {{ dbt.type_bigint() }} not null,
        calibration_error {{ type_double() }},
        rate_expected {{ type_double() }},
        rate_latest {{ type_double() }},
        has_drifted {{ dbt.type_boolean() }} not null,
        is_recalibrated {{ dbt.type_boolean() }} not null,
        finding {{ dbt.type_string() }}
    );
    create table if not exists {{ target.schema }}.confidence_curves (
        model_id {{ dbt.type_string() }} not null,
        score {{ dbt.type_bigint() }} not null,
        deal_stage_pct {{ dbt.type_bigint() }} not null,
        sales_activities {{ dbt.type_bigint() }} not null,
        probability {{ type_double() }} not null,
        low {{ type_double() }} not null,
        high {{ type_double() }} not null
    )
{%- endmacro %}


{% macro most_sales_activities() -%}
    {# Who has had so many activities in the CRM counts as having had no more: beyond five there are
       too few leads to tell them apart. #}
    5
{%- endmacro %}


{% macro days_of_history() -%}
    {# So many days of the project's own history are looked at, the latest: a year of month-ends. #}
    12
{%- endmacro %}


{% macro date_outcomes(leads, outcome_days) -%}
    {# A select of what came of the leads of a CTE (as_of_date, model_no, lead_no, person_lead_no) by
       their day and after it; leads of whom nothing came have no row. #}
    select
        leads.as_of_date,
        leads.model_no,
        leads.lead_no,
        max(
            case
                when days.is_outcome and days.happened_on <= leads.as_of_date
                    then days.happened_on
            end
        ) as outcome_on,
        max(case when days.happened_on <= leads.as_of_date then days.happened_on end) as ended_on,
        min(
            case
                when days.is_outcome and days.happened_on > leads.as_of_date
                    then days.happened_on
            end
        ) as next_outcome_on
    from {{ leads }} as leads
    inner join {{ outcome_days }} as days
        on leads.model_no = days.model_no and leads.person_lead_no = days.lead_no
    group by leads.as_of_date, leads.model_no, leads.lead_no
{%- endmacro %}


{% macro is_at_risk(dated, model_outcomes, leads) -%}
    {# Whether a lead's outcome can still come on its day: it has had none, nor what ends the risk,
       or the cool-down after it is over. `dated` is its row of date_outcomes, if it has one. #}
    coalesce(
        {{ dated }}.ended_on + {{ model_outcomes }}.cool_down_days <= {{ leads }}.as_of_date,
        {{ dated }}.ended_on is null
    )
{%- endmacro %}


{% macro came_within_horizon(dated, model_outcomes, leads) -%}
    {# Whether the outcome came after the day of a lead and within the model's horizon. #}
    coalesce(
        {{ dated }}.next_outcome_on <= {{ leads }}.as_of_date + {{ model_outcomes }}.horizon_days,
        false
    )
{%- endmacro %}
