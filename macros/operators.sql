{% macro operator_is_met(operator, value, operand) -%}
    {# Whether a value meets one operand of a rule, for all operators of the rule book.

       value: trimmed text, '' where missing. operand: one part of the rule's value (`in` has
       one row per part). Text compares without case; two numbers compare as numbers. #}
    case
        when {{ operator }} = 'missing' then {{ value }} = ''
        when {{ value }} = '' then false
        when {{ operator }} = 'present' then true
        when {{ operator }} in ('equals', 'in') then
            lower({{ value }}) = lower({{ operand }})
            or coalesce({{ read_number(value) }} = {{ read_number(operand) }}, false)
        when {{ operator }} = 'contains' then
            position(lower({{ operand }}) in lower({{ value }})) > 0
        when {{ operator }} = 'starts_with' then
            left(lower({{ value }}), length({{ operand }})) = lower({{ operand }})
        when {{ operator }} = 'ends_with' then
            right(lower({{ value }}), length({{ operand }})) = lower({{ operand }})
        when {{ operator }} = 'matches' then {{ pattern_is_found(value, operand) }}
        when {{ operator }} = 'between' then
            {{ read_number(value) }} is not null
            and coalesce({{ read_number(value) }} >= {{ range_low(operand) }}, true)
            and coalesce({{ read_number(value) }} < {{ range_high(operand) }}, true)
    end
{%- endmacro %}


{% macro range_low(range) -%}
    {# The low end of `low..high`, null where it is open. #}
    {{ read_number("nullif(split_part(" ~ range ~ ", '..', 1), '')") }}
{%- endmacro %}

{% macro range_high(range) -%}
    {# The high end of `low..high`, null where it is open. #}
    {{ read_number("nullif(split_part(" ~ range ~ ", '..', 2), '')") }}
{%- endmacro %}


{% macro bounded_operators() -%}
    {# Operators for which no finite list holds a value of every kind: whether a text that nobody
       knows yet contains or matches another is only bounded, met or not met. #}
    'contains', 'starts_with', 'ends_with', 'matches'
{%- endmacro %}


{% macro unheard_of_value() -%}
    {# A value that no rule names: it meets nothing but `present`. The character is the unit
       separator, which no spreadsheet writes. #}
    chr(31)
{%- endmacro %}
