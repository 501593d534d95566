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


{% macro curve_at(curve, age, faded) -%}
    {# What a curve of rule_curves is worth at an age, in days; `faded` is the fade of its rule then. #}
    {{ curve }}.constant + {{ curve }}.fading * {{ faded }} - {{ curve }}.slope * {{ age }}
{%- endmacro %}


{% macro moved_curve(curve, age, points) -%}
    {# The columns of a curve of so many points that begins where this one is at an age, in days. #}
    {{ points }} * ({{ curve }}.constant - {{ curve }}.slope * {{ age }}) as constant,
        {{ points }} * {{ curve }}.fading * {{ fade(age, curve ~ '.half_life_days') }} as fading,
        {{ points }} * {{ curve }}.slope as slope
{%- endmacro %}


{% macro points_on(curve, rule_day) -%}
    {# The points of a curve of projected_curves on a day ahead: `rule_day` has its rule's
       max_points, the day, and the fade of the rule on it. #}
    {{ round_points(hold_within(
        curve_at(curve, rule_day ~ '.day', rule_day ~ '.fade'),
        '-' ~ rule_day ~ '.max_points', rule_day ~ '.max_points'
    )) }}
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


{% macro each_dimension(template, dimensions=none) -%}
    {# The template once per dimension, its name in place of {}: dimensions stand side by side
       where there is one row per lead and model. #}
    {%- for dimension in dimensions or (fit_dimensions() + ['behavioral']) -%}
        {{ template.replace('{}', dimension) }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro sum_of_dimensions(template, dimensions=none) -%}
    {# The same, added up. #}
    {%- for dimension in dimensions or (fit_dimensions() + ['behavioral']) -%}
        {{ template.replace('{}', dimension) }}{{ '\n        + ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro same_dimensions(ours, theirs) -%}
    {# Further conditions of a join: the columns of all fit dimensions are the same. #}
    {%- for dimension in fit_dimensions() %}
        and {{ ours.replace('{}', dimension) }} = {{ theirs.replace('{}', dimension) }}
    {%- endfor -%}
{%- endmacro %}


{% macro each_range_column(
    template, columns=('points', 'filled_points', 'lowest_points', 'highest_points')
) -%}
    {# The template once per fit dimension, in place of {}, and column of a range of points, in place
       of <>, named after both. #}
    {%- for column in columns -%}
        {{ each_dimension(template.replace('<>', column) ~ ' as {}_' ~ column, fit_dimensions()) }}
        {{- ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro stack_held_dimensions(totals) -%}
    {# What each limit takes from a lead or adds to it: as_of_date, lead_no, model_no, dimension and
       points, where it does. #}
    {%- for dimension in fit_dimensions() + ['behavioral'] %}
    select
        as_of_date,
        lead_no,
        model_no,
        '{{ dimension }}' as dimension,
        {{ dimension }}_points - {{ dimension }}_rule_points as points
    from {{ totals }}
    where {{ dimension }}_points <> {{ dimension }}_rule_points
    union all
    {%- endfor %}
    select
        as_of_date,
        lead_no,
        model_no,
        'score' as dimension,
        score - dimension_points as points
    from {{ totals }}
    where score <> dimension_points
{%- endmacro %}


{% macro of_dimension(dimension, template) -%}
    {# Of columns side by side that of a row's own dimension. #}
    case {{ dimension }}
        {%- for name in fit_dimensions() + ['behavioral'] %}
        when '{{ name }}' then {{ template.replace('{}', name) }}
        {%- endfor %}
    end
{%- endmacro %}


{% macro fit_dimensions() -%}
    {# The dimensions whose rules are about what is known of a lead. #}
    {{ return(['demographic', 'firmographic', 'readiness', 'data_quality']) }}
{%- endmacro %}


{% macro completeness_pct(filled_fields, key_fields) -%}
    {# Filled key fields as a share of all of the model's, 0 to 100. #}
    {{ as_decimal(divided('100.0 * ' ~ filled_fields, key_fields), 5, 2) }}
{%- endmacro %}
