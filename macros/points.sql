{# The arithmetic of points; the numbers of a rule come from the rule book, the shapes of decay
   are these. #}


{% macro round_points(points) -%}
    {# Points as the ledger keeps them: decimal(12, 4), rounded half away from zero.

       Decay weights are floating point; the step over ten decimals takes their noise away, so
       that the order in which a database adds never decides a rounding. 18 digits are as many
       as engines keep in 64 bits: the eight before the point are those of decimal(12, 4). #}
    cast(round(cast({{ points }} as decimal(18, 10)), 4) as decimal(12, 4))
{%- endmacro %}


{% macro type_points() -%}
    {# Sums and limits of points as numbers of 64 bits: databases add into 128, which cost several
       times as much to calculate with. #}
    decimal(18, 4)
{%- endmacro %}


{% macro type_double() -%}
    {# Floating point of 64 bits: dbt's type_float is one of 32 on DuckDB, good to seven digits. #}
    {{ return(adapter.dispatch('type_double')()) }}
{%- endmacro %}

{% macro default__type_double() -%}
    double precision
{%- endmacro %}


{% macro decay_weight(decay, age_days, half_life_days, floor_weight) -%}
    {# What is left of a point after age_days: 1 on the day itself, falling to floor_weight. #}
    (
        coalesce({{ floor_weight }}, 0) + (1 - coalesce({{ floor_weight }}, 0)) * case {{ decay }}
            when 'exponential' then power(0.5, {{ age_days }} / {{ half_life_days }})
            when 'linear' then greatest(0, 1 - {{ age_days }} / (2 * {{ half_life_days }}))
            when 'step' then power(0.5, floor({{ age_days }} / {{ half_life_days }}))
            when 'none' then 1
        end
    )
{%- endmacro %}


{% macro hold_within(number, low, high) -%}
    {# The number held within [low, high]; an end that is null holds nothing (least and greatest
       pass over nulls), and an unknown number stays unknown. #}
    case when {{ number }} is not null then least(greatest({{ number }}, {{ low }}), {{ high }}) end
{%- endmacro %}


{% macro hold_in_ledger(points) -%}
    {# Points that nothing limits, such as those of a lead with a million events, held within what
       decimal(12, 4) can tell. #}
    {{ hold_within(points, '-99999999.9999', '99999999.9999') }}
{%- endmacro %}


{% macro completeness_pct(filled_fields, key_fields) -%}
    {# Filled key fields as a share of all of the model's, 0 to 100. #}
    cast(100.0 * {{ filled_fields }} / {{ key_fields }} as decimal(5, 2))
{%- endmacro %}


{% macro reasons_shown() -%}
    {# How many reasons stand beside a score: as many as a seller reads before a call. #}
    3
{%- endmacro %}
