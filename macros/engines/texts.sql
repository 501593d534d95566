{# What stands in a text: blanks that nobody sees, runs of a letter, parts. DuckDB has RE2's classes of
   Unicode and functions of lists; Postgres has back references, and functions of its own. #}


{% macro may_have_blanks(text) -%}
    {# True where a text may begin or end with something invisible, or hold it: quick, and rarely true
       of plain text. No visible character comes before the exclamation mark. #}
    {{ return(adapter.dispatch('may_have_blanks')(text)) }}
{%- endmacro %}

{% macro default__may_have_blanks(text) -%}
    true
{%- endmacro %}

{% macro duckdb__may_have_blanks(text) -%}
    {{ text }} < '!' or {{ text }} like '% ' or strlen({{ text }}) <> length({{ text }})
    {%- for code in [9, 10, 13] %} or {{ text }} like '%' || chr({{ code }}){% endfor -%}
{%- endmacro %}

{% macro postgres__may_have_blanks(text) -%}
    {{ text }} < '!' or {{ text }} like '% ' or octet_length({{ text }}) <> length({{ text }})
    {%- for code in [9, 10, 13] %} or {{ text }} like '%' || chr({{ code }}){% endfor -%}
{%- endmacro %}

{% macro spark__may_have_blanks(text) -%}
    {{ postgres__may_have_blanks(text) }}
{%- endmacro %}


{% macro strip_invisible(text, is_name) -%}
    {# Without blanks and invisible characters at both ends; of a name without the invisible ones
       inside as well. Blanks: U+0000 to U+0020, no-break space, U+2000 to U+200A, U+202F, U+205F, U+3000.
       Invisible: soft hyphen, U+200B to U+200F, U+2060, U+FEFF. #}
    {{ return(adapter.dispatch('strip_invisible')(text, is_name)) }}
{%- endmacro %}

{% macro default__strip_invisible(text, is_name) -%}
    trim({{ text }})
{%- endmacro %}

{% macro duckdb__strip_invisible(text, is_name) -%}
    {%- set invisible = '\\x{00AD}\\x{200B}-\\x{200F}\\x{2060}\\x{FEFF}' -%}
    {%- set blank = '\\x00-\\x20\\x{00A0}\\x{2000}-\\x{200A}\\x{202F}\\x{205F}\\x{3000}' -%}
    {%- set inside = '|[' ~ invisible ~ ']+' if is_name else '' -%}
    regexp_replace({{ text }}, '^[{{ blank ~ invisible }}]+|[{{ blank ~ invisible }}]+${{ inside }}', '', 'g')
{%- endmacro %}

{% macro postgres__strip_invisible(text, is_name) -%}
    {%- set invisible = '\\u00AD\\u200B-\\u200F\\u2060\\uFEFF' -%}
    {%- set blank = '\\u0001-\\u0020\\u00A0\\u2000-\\u200A\\u202F\\u205F\\u3000' -%}
    {%- set inside = '|[' ~ invisible ~ ']+' if is_name else '' -%}
    regexp_replace({{ text }}, '^[{{ blank ~ invisible }}]+|[{{ blank ~ invisible }}]+${{ inside }}', '', 'g')
{%- endmacro %}

{% macro spark__strip_invisible(text, is_name) -%}
    {%- set invisible = '\\\\u00AD\\\\u200B-\\\\u200F\\\\u2060\\\\uFEFF' -%}
    {%- set blank = '\\\\x00-\\\\x20\\\\u00A0\\\\u2000-\\\\u200A\\\\u202F\\\\u205F\\\\u3000' -%}
    {%- set inside = '|[' ~ invisible ~ ']+' if is_name else '' -%}
    regexp_replace({{ text }}, '^[{{ blank ~ invisible }}]+|[{{ blank ~ invisible }}]+\\z{{ inside }}', '')
{%- endmacro %}


{% macro has_letter_run(text) -%}
    {# True where a letter stands three times running, case ignored. #}
    {{ return(adapter.dispatch('has_letter_run')(text)) }}
{%- endmacro %}

{% macro default__has_letter_run(text) -%}
    lower({{ text }}) ~ '([[:alpha:]])\1\1'
{%- endmacro %}

{% macro duckdb__has_letter_run(text) -%}
    {#- RE2 knows no back reference: the letters of English are listed, and in texts with any other
        each letter is compared with the two after it, which is slow. -#}
    case
        when regexp_matches({{ text }}, '{% for letter in "abcdefghijklmnopqrstuvwxyz" %}{{ letter * 3 }}{{ "|" if not loop.last }}{% endfor %}', 'i')
            then true
        when regexp_matches({{ text }}, '[^\x00-\x7F]')
            then len(list_filter(
                range(1, length({{ text }}) - 1),
                lambda i: regexp_matches(lower({{ text }})[i], '\p{L}')
                    and lower({{ text }})[i] = lower({{ text }})[i + 1]
                    and lower({{ text }})[i] = lower({{ text }})[i + 2]
            )) > 0
        else false
    end
{%- endmacro %}

{% macro spark__has_letter_run(text) -%}
    (lower({{ text }}) rlike '(\\p{L})\\1\\1')
{%- endmacro %}


{% macro split_to_rows(text, delimiter='|') -%}
    {# One row per part of a delimited text; for a select list. #}
    {{ return(adapter.dispatch('split_to_rows')(text, delimiter)) }}
{%- endmacro %}

{% macro default__split_to_rows(text, delimiter) -%}
    string_to_table({{ text }}, '{{ delimiter }}')
{%- endmacro %}

{% macro duckdb__split_to_rows(text, delimiter) -%}
    unnest(string_split({{ text }}, '{{ delimiter }}'))
{%- endmacro %}

{% macro spark__split_to_rows(text, delimiter) -%}
    explode(split({{ text }}, '\\Q{{ delimiter }}\\E'))
{%- endmacro %}


{% macro split_to_trimmed_rows(text) -%}
    {# The same of a text delimited by |, without blanks around the parts. #}
    {{ return(adapter.dispatch('split_to_trimmed_rows')(text)) }}
{%- endmacro %}

{% macro default__split_to_trimmed_rows(text) -%}
    trim({{ split_to_rows(text) }})
{%- endmacro %}

{% macro spark__split_to_trimmed_rows(text) -%}
    explode(transform(split({{ text }}, '\\Q|\\E'), part -> trim(part)))
{%- endmacro %}


{% macro mask(value) -%}
    {# The shape of a text: "9 letters, @, 7 letters". Null where there is none. #}
    {{ return(adapter.dispatch('mask')(value)) }}
{%- endmacro %}

{% macro default__mask(value) -%}
    cast(length({{ value }}) as {{ dbt.type_string() }}) || ' characters'
{%- endmacro %}

{% macro duckdb__mask(value) -%}
    {#- Of a long text the first parts tell what it was meant to be. -#}
    {%- set parts = "regexp_extract_all(left(" ~ value ~ ", 200), '[\\p{L}\\p{M}]+|\\p{N}+|\\s+|.')" -%}
    array_to_string(list_transform(
        {{ parts }}[:16],
        lambda part: case
            when regexp_matches(part, '^\p{L}') then length(part) || ' letter' || case when length(part) > 1 then 's' else '' end
            when regexp_matches(part, '^\p{N}') then length(part) || ' digit' || case when length(part) > 1 then 's' else '' end
            when regexp_matches(part, '^\s') then case when length(part) > 1 then length(part) || ' blanks' else 'blank' end
            when regexp_matches(part, '^[!-/:-@\[-`{-~]') then part
            else '1 other'
        end
    ), ', ')
    || case
        when len({{ parts }}) > 16 or length({{ value }}) > 200
            then ' … of ' || length({{ value }}) || ' characters'
        else ''
    end
{%- endmacro %}

{% macro postgres__mask(value) -%}
    {{ own_function('mask') }}({{ value }})
{%- endmacro %}

{% macro spark__mask(value) -%}
    {%- set parts = "regexp_extract_all(left(" ~ value ~ ", 200), '(?s)[\\\\p{L}\\\\p{M}]+|\\\\p{N}+|\\\\s+|.', 0)" -%}
    array_join(transform(
        slice({{ parts }}, 1, 16),
        part -> case
            when part rlike '^\\p{L}' then length(part) || ' letter' || case when length(part) > 1 then 's' else '' end
            when part rlike '^\\p{N}' then length(part) || ' digit' || case when length(part) > 1 then 's' else '' end
            when part rlike '^\\s' then case when length(part) > 1 then length(part) || ' blanks' else 'blank' end
            when part rlike '^[!-/:-@\\[-`{-~]' then part
            else '1 other'
        end
    ), ', ')
    || case
        when size({{ parts }}) > 16 or length({{ value }}) > 200
            then ' … of ' || length({{ value }}) || ' characters'
        else ''
    end
{%- endmacro %}


{% macro quote_text(text) -%}
    {# A text as a literal of SQL. #}
    {{ return(adapter.dispatch('quote_text')(text)) }}
{%- endmacro %}

{% macro default__quote_text(text) -%}
    {{ return("'" ~ text.replace("'", "''") ~ "'") }}
{%- endmacro %}

{% macro spark__quote_text(text) -%}
    {{ return("'" ~ text.replace('\\', '\\\\').replace("'", "''") ~ "'") }}
{%- endmacro %}


{% macro character_of(code) -%}
    {# The character with this number in Unicode. #}
    {{ return(adapter.dispatch('character_of')(code)) }}
{%- endmacro %}

{% macro default__character_of(code) -%}
    chr({{ code }})
{%- endmacro %}

{% macro spark__character_of(code) -%}
    '\u{{ '%04X' | format(code) }}'
{%- endmacro %}


{% macro spark__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    {# As dbt has it for other engines; dbt-spark's own one knows no order. #}
    listagg({{ measure }}, {{ delimiter_text }})
    {%- if order_by_clause %} within group ({{ order_by_clause }}){% endif -%}
{%- endmacro %}


{% macro spark__escape_single_quotes(expression) -%}
    {{ expression | replace('\\', '\\\\') | replace("'", "''") }}
{%- endmacro %}


{% macro create_mask_function() -%}
    {# The classes of a locale take the digits of other scripts, and 1/2, for letters. #}
    {%- set digits = '0-9\\u00B2\\u00B3\\u00B9\\u00BC-\\u00BE\\u0660-\\u0669\\u06F0-\\u06F9\\u0966-\\u096F'
        ~ '\\u09E6-\\u09EF\\u0E50-\\u0E59\\u2070-\\u2079\\u2080-\\u2089\\u2150-\\u218B\\uFF10-\\uFF19' %}
    create or replace function {{ own_function('mask') }}(value text)
    returns text language sql immutable parallel safe as $function$
        select string_agg(
            case
                when part ~ '^[{{ digits }}]' then length(part) || case when length(part) > 1 then ' digits' else ' digit' end
                when part ~ '^[[:alpha:]]' then length(part) || case when length(part) > 1 then ' letters' else ' letter' end
                when part ~ '^\s' then case when length(part) > 1 then length(part) || ' blanks' else 'blank' end
                when part ~ '^[!-/:-@\[-`{-~]' then part
                else '1 other'
            end,
            ', ' order by place
        ) filter (where place <= 16)
        || case
            when max(place) > 16 or max(length(value)) > 200
                then ' … of ' || max(length(value)) || ' characters'
            else ''
        end
        from (
            select
                found.part[1] as part,
                found.place
            from regexp_matches(
                left(value, 200), '([{{ digits }}]+|(?:(?![{{ digits }}])[[:alpha:]])+|\s+|.)', 'g'
            ) with ordinality as found (part, place)
        ) as parts
    $function$
{%- endmacro %}
