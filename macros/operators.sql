{% macro operator_is_met(operator, value, operand, patterns=none) -%}
    {# Whether a value meets an operand of the rule book: the operators stand here alone.

       value: relation with value (trimmed text, '' where missing) and the columns of
       value_columns. operand: relation with operand and the columns of operand_columns (`in` has
       a row per part). patterns: what pattern_of_rules takes, where there are patterns. #}
    case
        when {{ operator }} = 'missing' then {{ value }}.value = ''
        when {{ value }}.value = '' then false
        when {{ operator }} = 'present' then true
        when {{ operator }} in ('equals', 'in') then
            {{ value }}.lower_value = {{ operand }}.lower_operand
            or coalesce({{ value }}.value_number = {{ operand }}.operand_number, false)
        when {{ operator }} = 'contains' then
            position({{ operand }}.lower_operand in {{ value }}.lower_value) > 0
        when {{ operator }} = 'starts_with' then
            left({{ value }}.lower_value, length({{ operand }}.operand))
            = {{ operand }}.lower_operand
        when {{ operator }} = 'ends_with' then
            right({{ value }}.lower_value, length({{ operand }}.operand))
            = {{ operand }}.lower_operand
        when {{ operator }} = 'between' then
            {{ value }}.value_number is not null
            and coalesce({{ value }}.value_number >= {{ operand }}.low, true)
            and coalesce({{ value }}.value_number < {{ operand }}.high, true)
        when {{ operator }} = 'matches' then
            {{ written_pattern_is_found(value ~ '.value', operand ~ '.operand', patterns) }}
    end
{%- endmacro %}


{% macro value_columns(value) -%}
    {# What operator_is_met compares, made once per distinct value; `value` is trimmed text. #}
    lower({{ value }}) as lower_value,
    {{ read_number(value) }} as value_number
{%- endmacro %}


{% macro operand_columns(operator, operand) -%}
    {# What operator_is_met compares with, made once per operand. #}
    lower({{ operand }}) as lower_operand,
    {{ read_number(operand) }} as operand_number,
    case when {{ operator }} = 'between' then {{ range_low(operand) }} end as low,
    case when {{ operator }} = 'between' then {{ range_high(operand) }} end as high
{%- endmacro %}


{% macro written_pattern_is_found(value, operand, patterns) -%}
    {# Whether the regular expression `operand`, which is one of those that the relation `patterns`
       holds (operator, and operand or value), is found in the value. Each is written into the SQL as a
       literal: engines compile a literal once, and what comes from a column for every row. #}
    {%- set found = run_query(
        "select distinct trim(value) from " ~ patterns ~ " where operator = 'matches' order by 1"
    ).columns[0].values() if can_be_read(patterns) else [] -%}
    {%- if found -%}
    case {{ operand }}
        {%- for pattern in found %}
        {%- set literal = "'" ~ pattern.replace("'", "''") ~ "'" %}
        when {{ literal }} then {{ pattern_is_found(value, literal) }}
        {%- endfor %}
        else {{ pattern_is_found(value, operand) }}
    end
    {%- else -%}
    {{ pattern_is_found(value, operand) }}
    {%- endif -%}
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


{% macro match_values(values, operands, patterns) -%}
    {# The rules that the values of attributes meet: value_no, attribute, rule_no. `values` has
       value_no, attribute and value, `operands` is of the columns of rule_operands. #}
    select distinct
        compared.value_no,
        compared.attribute,
        {{ operands }}.rule_no
    from (
        select
            value_no,
            attribute,
            trim(value) as value,
            {{ value_columns('trim(value)') }}
        from {{ values }}
    ) as compared
    inner join {{ operands }} on compared.attribute = {{ operands }}.attribute
    where {{ operator_is_met(operands ~ '.operator', 'compared', operands, patterns) }}
{%- endmacro %}
