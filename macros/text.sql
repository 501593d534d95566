{# Reading text: paths, domains, numbers, patterns, lists. #}


{% macro url_path(url) -%}
    {# The path of an address, without scheme, host, query and fragment; '/' for the bare host. #}
    case
        when {{ url }} is not null then coalesce(nullif(regexp_replace(
            regexp_replace({{ url }}, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*', ''), '[?#].*$', ''
        ), ''), '/')
    end
{%- endmacro %}


{% macro web_domain(text) -%}
    {# The domain in what people type as a web address: no scheme, no www., no path. #}
    nullif(regexp_replace(
        regexp_replace(lower({{ text }}), '^([a-z]+://)?(www[.])?', ''), '[/?#:].*$', ''
    ), '')
{%- endmacro %}


{% macro read_number(text) -%}
    {# The number a text reads as, else null. Exact decimals, so that 0.1 equals 0.1. #}
    {{ cast_or_null(text, 'decimal(38, 10)') }}
{%- endmacro %}


{% macro least_step() -%}
    {# The least difference between two numbers that read_number tells apart. #}
    cast(0.0000000001 as decimal(38, 10))
{%- endmacro %}


{% macro unseen_blanks() -%}
    {# A pattern of blanks that look like an ordinary one or like nothing: no-break and zero-width
       ones, the byte order mark. #}
    '[' || {{ list_unseen_blanks() }} || ']'
{%- endmacro %}


{% macro list_unseen_blanks() -%}
    {# The same as a text that holds each of them. #}
    {%- for code in [160, 8203, 8204, 8205, 8288, 65279] -%}
        {{ character_of(code) }} {{- ' || ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro fold_name(name) -%}
    {# A name as people compare it: without capitals and without blanks of any kind. #}
    lower(translate({{ name }}, ' ' || {{ list_unseen_blanks() }}, ''))
{%- endmacro %}


{% macro read_date(text) -%}
    {{ cast_or_null(text, 'date') }}
{%- endmacro %}


{% macro looks_around(pattern) -%}
    {# Whether a regular expression asks what stands before or behind: some engines cannot. #}
    (
        position('(?=' in {{ pattern }}) > 0
        or position('(?!' in {{ pattern }}) > 0
        or position('(?<=' in {{ pattern }}) > 0
        or position('(?<!' in {{ pattern }}) > 0
    )
{%- endmacro %}


{% macro is_latin_without_vowel(name) -%}
    {# True for a name of two or more letters, all of the Latin script, none of them a vowel
       (y counts as one), with or without accents. The ranges are the Latin blocks of Unicode;
       in its additional block the range from U+1EA0 holds vowels only. #}
    length({{ replace_pattern(name, '[^A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]', '') }}) > 1
    and not {{ pattern_is_found(name, "'[aeiouyà-æè-ïò-öø-ýÿāăąēĕėęěĩīĭįıōŏőœũūŭůűųŷǎǐǒǔǖǘǚǜǟǡǣǫǭǻǽǿȁȃȅȇȉȋȍȏȕȗȧȩȫȭȯȱȳḁḕḗḙḛḝḭḯṍṏṑṓṳṵṷṹṻẏẙạ-ỹ]'") }}
    and not {{ pattern_is_found(
        replace_pattern(name, '[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]', ''), "'[^ .''’0-9-]'"
    ) }}
{%- endmacro %}


{% macro format_points(points) -%}
    {# Points as a seller reads them: signed, at most one decimal: +15, -7.5. #}
    case when {{ points }} > 0 then '+' else '' end || {{ short_decimal('round(' ~ points ~ ', 1)') }}
{%- endmacro %}


{% macro short_decimal(number) -%}
    {# A decimal as text, without zeros after its point. #}
    regexp_replace(cast({{ number }} as {{ dbt.type_string() }}), '[.]0+$', '')
{%- endmacro %}


{% macro is_valid_email(email) -%}
    {# True for x@y.z without blanks, one @ only. #}
    {{ pattern_is_found(email, "'^[^@[:space:]]+@[^@[:space:].]+([.][^@[:space:].]+)+$'") }}
{%- endmacro %}


{% macro phone_quality(phone) -%}
    {# Whether a phone number can be one: E.164 allows 15 digits, fewer than 7 reach nobody, and one
       digit alone is none. #}
    {%- set digits = replace_pattern(phone, '[^0-9]', '') -%}
    case
            when {{ phone }} is null then 'missing'
            when length({{ digits }}) not between 7 and 15 then 'invalid'
            when replace({{ digits }}, left({{ digits }}, 1), '') = '' then 'invalid'
            else 'ok'
        end
{%- endmacro %}


{% macro stack_columns(relation, columns, named=none, keys=('as_of_date', 'lead_no')) -%}
    {# The columns of a relation that `named` names in its column attribute (without it all), in long
       form, as text: the keys, attribute and value. #}
    {%- set wanted = run_query('select attribute from ' ~ named).columns[0].values()
        if named and can_be_read(named) else columns -%}
    {%- for column in [columns[0]] + (columns[1:] | select('in', wanted) | list) %}
    select
        {{ keys | join(',\n        ') }},
        '{{ column }}' as attribute,
        cast({{ column }} as {{ dbt.type_string() }}) as value
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro any_pattern_is_found(text, patterns, condition='true') -%}
    {# True where any of the regular expressions in the column `pattern` of a relation, in the rows
       that meet the condition, is found in the text. The patterns are written into the SQL as
       literals, which an engine compiles once; patterns that come from a join it compiles for every
       row. A hundred make one literal: a thousand in one are more than DuckDB's engine (RE2) keeps
       in its tables, and without them it is a hundred times as slow. #}
    {%- set found = run_query(
        'select trim(pattern) as pattern from ' ~ patterns ~ ' where ' ~ condition ~ ' order by 1'
    ).columns[0].values() if can_be_read(patterns) else [] -%}
    {%- set literals = [] -%}
    {%- for some in found | batch(100) -%}
        {%- do literals.append(quote_text('(' ~ some | join(')|(') ~ ')')) -%}
    {%- endfor -%}
    (
        {%- for literal in literals %}
        {{ pattern_is_found(text, literal) }} {{ 'or' if not loop.last }}
        {%- else -%}
        false
        {%- endfor -%}
    )
{%- endmacro %}
