{# The weightiest reasons of a score: a number each, text where they are read. #}


{% macro reason_key(points, rule_no) -%}
    {# Size and side of some points and their rule in one number: the largest number is the
       weightiest reason, of equal ones that with the smaller number of a rule. #}
    cast(abs({{ points }}) * 10000 as {{ dbt.type_bigint() }}) * 131072
    + (65535 - {{ rule_no }}) * 2 + case when {{ points }} > 0 then 1 else 0 end
{%- endmacro %}


{% macro reason_text_key(key) -%}
    {# The same number with the points in tenths, as they are shown: so many texts are fewer. #}
    {{ whole_part('(' ~ whole_part(key, 131072) ~ ' + 500)', 1000) }} * 131072
    + {{ key }} % 131072
{%- endmacro %}


{% macro reasons_shown() -%}
    {# How many reasons stand beside a score: as many as a seller reads before a call. #}
    3
{%- endmacro %}


{% macro reason_columns(list, name) -%}
    {# The items of a list of reasons as columns: name_1, name_2 … #}
    {%- for place in range(1, (reasons_shown() | int) + 1) -%}
        {{ item_of(list, place) }} as {{ name }}_{{ place }}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro stack_reasons(relation) -%}
    {# The numbers of all reasons of lead_totals under one another. #}
    {%- for name in ['reason', 'reason_for', 'reason_against'] -%}
        {%- set outer = loop -%}
        {%- for place in range(1, (reasons_shown() | int) + 1) %}
    select {{ reason_text_key(name ~ '_' ~ place) }} as text_key from {{ relation }}
    {{ 'union' if not (outer.last and loop.last) }}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{% macro join_reason_texts(totals, texts) -%}
    {# The joins that put the texts to the reasons of lead_totals. #}
    {%- for name in ['reason', 'reason_for', 'reason_against'] -%}
        {%- for place in range(1, (reasons_shown() | int) + 1) %}
left join {{ texts }} as {{ name }}_text_{{ place }}
    on {{ reason_text_key(totals ~ '.' ~ name ~ '_' ~ place) }} = {{ name }}_text_{{ place }}.text_key
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{% macro reason_list(name) -%}
    {# The texts of up to so many reasons, separated by semicolons; null where there are none. #}
    nullif(concat_ws('; '
        {%- for place in range(1, (reasons_shown() | int) + 1) %}, {{ name }}_text_{{ place }}.reason{% endfor -%}
    ), '')
{%- endmacro %}
