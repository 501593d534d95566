{% macro operator_is_met(operator, value, operand, patterns=none) -%}
    {# Whether a value meets an operand of the rule book: the operators stand here alone. A `not_…`
       is met exactly where the value is known and does not meet the operator without it.

       value: relation with value (trimmed text, '' where missing) and the columns of
       value_columns. operand: relation with operand and the columns of operand_columns (`in` and
       `not_in` have a row per part: operands_to_meet says how many of them must be met). patterns:
       what pattern_of_rules takes, where there are patterns. A day meets an operator of days from
       met_from to met_until; that it is met at all, on some day, is what is said here. #}
    {%- set equals -%}
        ({{ value }}.lower_value = {{ operand }}.lower_operand
        or coalesce({{ value }}.value_number = {{ operand }}.operand_number, false))
    {%- endset -%}
    {%- set contains = 'position(' ~ operand ~ '.lower_operand in ' ~ value ~ '.lower_value) > 0' -%}
    {%- set matches = written_pattern_is_found(value ~ '.value', operand ~ '.operand', patterns) -%}
    case
        when {{ operator }} = 'missing' then {{ value }}.value = ''
        when {{ value }}.value = '' then false
        when {{ operator }} = 'present' then true
        when {{ operator }} in ('equals', 'in') then {{ equals }}
        when {{ operator }} in ('not_equals', 'not_in') then not {{ equals }}
        when {{ operator }} = 'contains' then {{ contains }}
        when {{ operator }} = 'not_contains' then not {{ contains }}
        when {{ operator }} = 'starts_with' then
            left({{ value }}.lower_value, length({{ operand }}.operand))
            = {{ operand }}.lower_operand
        when {{ operator }} = 'ends_with' then
            right({{ value }}.lower_value, length({{ operand }}.operand))
            = {{ operand }}.lower_operand
        when {{ operator }} in ('between', 'at_least', 'at_most') then
            {{ value }}.value_number is not null
            and coalesce({{ value }}.value_number >= {{ operand }}.low, true)
            and coalesce({{ value }}.value_number < {{ operand }}.high, true)
            and ({{ operator }} <> 'at_most' or {{ value }}.value_number <= {{ operand }}.operand_number)
        when {{ operator }} = 'matches' then {{ matches }}
        when {{ operator }} = 'not_matches' then not ({{ matches }})
        when {{ operator }} in ({{ operators_of_days() }}) then
            {{ read_day(value ~ '.value') }} is not null
    end
{%- endmacro %}


{% macro operators_of_days() -%}
    {# Operators that are met or not as days go by. #}
    'within_days', 'older_than_days'
{%- endmacro %}


{% macro met_from(operator, value, operand) -%}
    {# The first day on which a day meets an operator of days; null for other operators. #}
    case {{ operator }}
        when 'within_days' then {{ read_day(value) }}
        when 'older_than_days'
            then cast({{ dbt.dateadd('day', 'cast(' ~ operand ~ ' as integer)', read_day(value)) }} as date)
    end
{%- endmacro %}


{% macro met_until(operator, value, operand) -%}
    {# The first day on which it no longer does; null where there is none. #}
    case {{ operator }}
        when 'within_days'
            then cast({{ dbt.dateadd('day', 'cast(' ~ operand ~ ' as integer)', read_day(value)) }} as date)
    end
{%- endmacro %}


{% macro read_day(text) -%}
    {# The UTC day of a text that raw tables may hold as a time, else null. #}
    cast({{ read_timestamp(text, 'text', none) }} as date)
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
    case {{ operator }}
        when 'between' then {{ range_low(operand) }}
        when 'at_least' then {{ read_number(operand) }}
    end as low,
    case when {{ operator }} = 'between' then {{ range_high(operand) }} end as high
{%- endmacro %}


{% macro written_pattern_is_found(value, operand, patterns) -%}
    {# Whether the regular expression `operand`, which is one of those that the relation `patterns`
       holds (operator, and operand or value), is found in the value. Each is written into the SQL as a
       literal: engines compile a literal once, and what comes from a column for every row. #}
    {%- set found = run_query(
        "select distinct trim(value) from " ~ patterns ~ " where operator in ('matches', 'not_matches') order by 1"
    ).columns[0].values() if can_be_read(patterns) else [] -%}
    {%- if found -%}
    case {{ operand }}
        {%- for pattern in found %}
        {%- set literal = quote_text(pattern) %}
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


{% macro operators_of_bands() -%}
    {# Operators that ask for a band of numbers. #}
    'between', 'at_least', 'at_most'
{%- endmacro %}


{% macro bounded_operators() -%}
    {# Operators for which no finite list holds a value of every kind: whether a text that nobody
       knows yet contains or matches another, and which day it is, is only bounded, met or not met. #}
    'contains', 'not_contains', 'starts_with', 'ends_with', 'matches', 'not_matches',
    {{ operators_of_days() }}
{%- endmacro %}


{% macro reads_text(operator) -%}
    {# Whether an operator looks into a text, so that numbers beside each other may be as different to
       it as any. #}
    {{ operator }} in (
        'contains', 'not_contains', 'starts_with', 'ends_with', 'matches', 'not_matches'
    )
{%- endmacro %}


{% macro unheard_of_value() -%}
    {# A value that no rule names: it meets nothing but `present`. The character is the unit
       separator, which no spreadsheet writes. #}
    chr(31)
{%- endmacro %}


{% macro match_values(values, operands, patterns) -%}
    {# The tests of attributes that values meet, and the days on which they do: value_no,
       attribute, test_no, met_from, met_until. `values` has value_no, attribute and value,
       `operands` is of the columns of test_operands. #}
    select
        compared.value_no,
        compared.attribute,
        {{ operands }}.test_no,
        max({{ met_from(operands ~ '.operator', 'compared.value', operands ~ '.operand') }})
            as met_from,
        max({{ met_until(operands ~ '.operator', 'compared.value', operands ~ '.operand') }})
            as met_until
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
    group by compared.value_no, compared.attribute, {{ operands }}.test_no
    having count(*) >= max({{ operands }}.operands_to_meet)
{%- endmacro %}


{% macro test_key(attribute, operator, value) -%}
    {# The number of what is asked of an attribute: whoever asks the same has the same. #}
    {{ key_of([attribute, operator, value]) }}
{%- endmacro %}


{% macro test_in_words(attribute, operator, value) -%}
    {# What a row of the rule book asks of an attribute, in words: "country is DE or AT". #}
    {%- set name = 'replace(' ~ attribute ~ ", '_', ' ')" -%}
    {%- set listed = 'replace(' ~ value ~ ", '|', ' or ')" -%}
    case
        when {{ operator }} = 'equals' and lower({{ value }}) = 'true' then {{ name }}
        when {{ operator }} = 'equals' and lower({{ value }}) = 'false' then 'not ' || {{ name }}
        else {{ name }} || case {{ operator }}
            when 'present' then ' is known'
            when 'missing' then ' is unknown'
            when 'equals' then ' is ' || {{ value }}
            when 'in' then ' is ' || {{ listed }}
            when 'not_equals' then ' is not ' || {{ value }}
            when 'not_in' then ' is not ' || {{ listed }}
            when 'contains' then ' contains ' || {{ value }}
            when 'not_contains' then ' does not contain ' || {{ value }}
            when 'starts_with' then ' starts with ' || {{ value }}
            when 'ends_with' then ' ends with ' || {{ value }}
            when 'matches' then ' matches ' || {{ value }}
            when 'not_matches' then ' does not match ' || {{ value }}
            when 'at_least' then ' is at least ' || {{ value }}
            when 'at_most' then ' is at most ' || {{ value }}
            when 'between' then ' is '
                || case
                    when split_part({{ value }}, '..', 1) = '' then ''
                    else 'from ' || split_part({{ value }}, '..', 1) || ' '
                end
                || case
                    when split_part({{ value }}, '..', 2) = '' then 'on'
                    else 'to under ' || split_part({{ value }}, '..', 2)
                end
            when 'within_days' then ' lies in the last ' || {{ value }} || ' days'
            when 'older_than_days' then ' lies ' || {{ value }} || ' days back or more'
        end
    end
{%- endmacro %}
