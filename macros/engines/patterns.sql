{# Regular expressions. DuckDB reads them by RE2, Postgres by its own ARE, where \b is a backspace, a
   dot takes a line break, \d and \w take letters and digits of every script, and [[:alpha:]] goes by
   the locale; so it is with Java's, by which Spark reads them. The rule book is written for RE2: there a
   pattern is put into the engine's words first. #}


{% macro pattern_is_found(text, pattern) -%}
    {# True where the regular expression is found anywhere in the text, case ignored. #}
    {{ return(adapter.dispatch('pattern_is_found')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__pattern_is_found(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }}, 'i')
{%- endmacro %}

{% macro postgres__pattern_is_found(text, pattern) -%}
    ({{ text }}) ~* {{ own_function('translate_pattern') }}({{ pattern }})
{%- endmacro %}

{% macro spark__pattern_is_found(text, pattern) -%}
    {#- What stands in the SQL is translated once, by the engine: from a column it is for every row. -#}
    {%- set translated = translate_pattern(pattern) -%}
    {%- if execute and pattern.startswith("'") -%}
        {%- set found = run_query(
            'select case when ' ~ pattern_is_readable(pattern) ~ ' then ' ~ translated ~ ' end'
        ).rows[0][0] -%}
        {%- set translated = quote_text(found) if found is not none else 'cast(null as string)' -%}
    {%- endif -%}
    (({{ text }}) rlike {{ translated }})
{%- endmacro %}


{% macro pattern_is_readable(pattern) -%}
    {# True where the engine can read the regular expression. #}
    {{ return(adapter.dispatch('pattern_is_readable')(pattern)) }}
{%- endmacro %}

{% macro duckdb__pattern_is_readable(pattern) -%}
    try(regexp_matches('', {{ pattern }}, 'i')) is not null
{%- endmacro %}

{% macro postgres__pattern_is_readable(pattern) -%}
    {{ own_function('is_readable_pattern') }}({{ pattern }})
{%- endmacro %}

{% macro spark__pattern_is_readable(pattern) -%}
    (try_reflect('java.util.regex.Pattern', 'compile', {{ translate_pattern(pattern) }}) is not null)
{%- endmacro %}


{% macro matches_pattern(text, pattern) -%}
    {# True where the text as a whole is of the regular expression, capitals told apart. Of patterns of
       the macros, which hold nothing that engines read differently. #}
    {{ return(adapter.dispatch('matches_pattern')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches_pattern(text, pattern) -%}
    {{ text }} ~ '{{ pattern }}'
{%- endmacro %}

{% macro duckdb__matches_pattern(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches_pattern(text, pattern) -%}
    {#- Java's $ also stands before a line break at the end. -#}
    ({{ text }} rlike {{ quote_text(pattern.replace('$', '\\z')) }})
{%- endmacro %}


{% macro replace_pattern(text, pattern, by) -%}
    {# The text with all that is of the regular expression replaced; \1 is what its first bracket
       found. Of patterns of the macros, as in matches_pattern. #}
    {{ return(adapter.dispatch('replace_pattern')(text, pattern, by)) }}
{%- endmacro %}

{% macro default__replace_pattern(text, pattern, by) -%}
    regexp_replace({{ text }}, {{ quote_text(pattern) }}, {{ quote_text(by) }}, 'g')
{%- endmacro %}

{% macro spark__replace_pattern(text, pattern, by) -%}
    regexp_replace({{ text }}, {{ quote_text(pattern) }}, {{ quote_text(by.replace('\\', '$')) }})
{%- endmacro %}


{% macro create_pattern_functions() -%}
    {# Null where a pattern of RE2 has no like in ARE: a class of Unicode (\p{L}), flags in the middle,
       more than 255 repetitions; also where RE2 has none (looking around, repeating a group). #}
    create or replace function {{ own_function('translate_pattern') }}(pattern text)
    returns text language plpgsql immutable strict parallel safe as $function$
    declare
        {# Copied from RE2's own list: of ASCII alone. #}
        classes constant jsonb := jsonb_build_object(
            'alnum', '0-9A-Za-z', 'alpha', 'A-Za-z', 'ascii', '\u0001-\u007F', 'blank', '\t ',
            'cntrl', '\u0001-\u001F\u007F', 'digit', '0-9', 'graph', '!-~', 'lower', 'a-z',
            'print', ' -~', 'punct', '!-/:-@\[-`{-~', 'space', '\t\n\v\f\r ', 'upper', 'A-Z',
            'word', '0-9A-Za-z_', 'xdigit', '0-9A-Fa-f'
        );
        escapes constant jsonb := jsonb_build_object(
            'd', '0-9', 'w', '0-9A-Za-z_', 's', '\t\n\f\r ',
            'D', '\u0001-/:-\U0010FFFF', 'W', '\u0001-/:-@\[-\^`{-\U0010FFFF',
            'S', '\u0001-\u0008\u000B\u000E-\u001F!-\U0010FFFF'
        );
        length_of constant integer := length(pattern);
        place integer := 1;
        sign text;
        next_sign text;
        part text[];
        in_class boolean := false;
        class_start integer := 0;
        written text := '';
    begin
        while place <= length_of loop
            sign := substr(pattern, place, 1);
            next_sign := substr(pattern, place + 1, 1);
            if sign = '\' then
                place := place + 2;
                if escapes ? next_sign then
                    written := written || case
                        when in_class then escapes ->> next_sign
                        else '[' || (escapes ->> next_sign) || ']'
                    end;
                elsif next_sign in ('t', 'n', 'r', 'f', 'v', 'a') then
                    written := written || '\' || next_sign;
                elsif next_sign = 'b' and not in_class then
                    {# Between a character of [0-9A-Za-z_] and another one. #}
                    written := written
                        || '(?:(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_]))';
                elsif next_sign = 'B' and not in_class then
                    written := written
                        || '(?:(?<![0-9A-Za-z_])(?![0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_]))';
                elsif next_sign = 'A' and not in_class then
                    written := written || '^';
                elsif next_sign = 'z' and not in_class then
                    written := written || '$';
                elsif next_sign = 'x' then
                    part := coalesce(
                        regexp_match(substr(pattern, place), '^[{]([0-9A-Fa-f]{1,6})[}]'),
                        regexp_match(substr(pattern, place), '^([0-9A-Fa-f]{2})')
                    );
                    if part is null then
                        return null;
                    end if;
                    written := written || '\U' || lpad(part[1], 8, '0');
                    place := place
                        + length(part[1]) + case when substr(pattern, place, 1) = '{' then 2 else 0 end;
                elsif next_sign = 'Q' and not in_class then
                    part := array[split_part(substr(pattern, place), '\E', 1)];
                    written := written || regexp_replace(part[1], '([^0-9A-Za-z_\s])', '\\\1', 'g');
                    place := place + length(part[1]) + 2;
                elsif next_sign = '' or next_sign ~ '[0-9A-Za-z]' then
                    return null;
                else
                    written := written || '\' || next_sign;
                end if;
            elsif in_class then
                if sign = ']' and place > class_start then
                    in_class := false;
                    written := written || ']';
                    place := place + 1;
                elsif sign = '[' then
                    part := regexp_match(substr(pattern, place), '^\[:(\^?)([a-z]+):\]');
                    if part is null then
                        written := written || '\[';
                        place := place + 1;
                    elsif part[1] <> '' or not classes ? part[2] then
                        return null;
                    else
                        written := written || (classes ->> part[2]);
                        place := place + length(part[2]) + 4;
                    end if;
                else
                    written := written || case when sign = ']' then '\]' else sign end;
                    place := place + 1;
                end if;
            elsif sign = '[' then
                in_class := true;
                written := written || '[';
                place := place + 1;
                if next_sign = '^' then
                    written := written || '^';
                    place := place + 1;
                end if;
                {# A bracket that comes first closes nothing. #}
                class_start := place;
            elsif sign = '.' then
                written := written || '[^\n]';
                place := place + 1;
            elsif sign = '(' and next_sign = '?' then
                part := regexp_match(substr(pattern, place), '^\(\?(P?<[A-Za-z0-9_]+>|i?:|i\))');
                if part is null then
                    return null;
                end if;
                {# Case is ignored anyway. #}
                written := written || case
                    when part[1] = 'i)' then '' when right(part[1], 1) = ':' then '(?:' else '('
                end;
                place := place + 2 + length(part[1]);
            elsif sign = '{' then
                part := regexp_match(substr(pattern, place), '^[{]([0-9]+)(,([0-9]*))?[}]');
                if part is null then
                    written := written || '\{';
                    place := place + 1;
                else
                    part := array[substring(substr(pattern, place) from '^[^}]*[}]')];
                    written := written || part[1];
                    place := place + length(part[1]);
                end if;
            elsif sign in ('}', ']') then
                written := written || '\' || sign;
                place := place + 1;
            else
                written := written || sign;
                place := place + 1;
            end if;
        end loop;
        {# So that a pattern never begins with what ARE takes for a director of its own. #}
        return case when in_class then null else '(?:' || written || ')' end;
    end $function$;
    create or replace function {{ own_function('is_readable_pattern') }}(pattern text)
    returns boolean language plpgsql immutable strict as $function$
    begin
        return '' ~* {{ own_function('translate_pattern') }}(pattern) is not null;
    exception when others then
        return false;
    end $function$;
{%- endmacro %}


{% macro translate_pattern(pattern) -%}
    {# A pattern of RE2 in the words of Java, which Spark reads them by; null, or what Java refuses, where
       RE2 has no such pattern or Java no like of it (flags but i). The pattern is taken apart into signs, and each
       becomes what it is in Java. #}
    {%- set boundary = '(?:(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_]))' -%}
    {%- set no_boundary = '(?:(?<![0-9A-Za-z_])(?![0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_]))' -%}
    {%- set classes = {
        'alnum': 'Alnum', 'alpha': 'Alpha', 'ascii': 'ASCII', 'blank': 'Blank', 'cntrl': 'Cntrl',
        'digit': 'Digit', 'graph': 'Graph', 'lower': 'Lower', 'print': 'Print', 'punct': 'Punct',
        'space': 'Space', 'upper': 'Upper', 'xdigit': 'XDigit'
    } -%}
    aggregate(
        regexp_extract_all(
            {{ pattern }},
            '(?s)\\\\Q.*?(?:\\\\E|\\z)|\\\\x\\{[0-9A-Fa-f]{1,6}\\}|\\\\x[0-9A-Fa-f]{2}|\\\\[pP](?:\\{\\^?\\w+\\}|[A-Za-z])|\\\\.|\\[:\\^?[a-z]+:\\]|\\[\\^?\\]?|\\(\\?(?:P?<\\w+>|i?:|i\\))|\\(\\?|(?:[*+?]|\\{[0-9]+(?:,[0-9]*)?\\})\\??|.',
            0
        ),
        named_struct('words', '', 'in_class', false, 'repeats', false),
        (so_far, sign) -> named_struct(
            'words',
            so_far.words || case
                when sign rlike '^\\\\[pP]' then
                    case
                        when sign rlike '\\^' then '\\' || case when sign like '_p%' then 'P' else 'p' end
                        else left(sign, 2)
                    end || '{Is' || regexp_replace(substr(sign, 3), '[{}^]', '') || '}'
                when sign like '\\\\x%' and length(sign) > 2 then sign
                when sign like '\\\\Q%' and length(sign) > 2 then case when not so_far.in_class then sign end
                when sign rlike '^\\\\[dwDWtnrf]$' then sign
                when sign = '\\v' then '\\x0B'
                when sign = '\\a' then '\\x07'
                when sign = '\\s' then case when so_far.in_class then '\\t\\n\\f\\r ' else '[\\t\\n\\f\\r ]' end
                when sign = '\\S' then '[^\\t\\n\\f\\r ]'
                when sign = '\\b' then case when not so_far.in_class then '{{ boundary }}' end
                when sign = '\\B' then case when not so_far.in_class then '{{ no_boundary }}' end
                when sign in ('\\A', '\\z') then case when not so_far.in_class then sign end
                when sign rlike '^\\\\[0-9A-Za-z]?$' then null
                when sign like '\\\\%' then sign
                when so_far.in_class then case
                    when sign like '[:%' then case regexp_replace(sign, '[^a-z]', '')
                        {%- for name, known in classes.items() %}
                        when '{{ name }}' then case when sign like '[:^%' then '\\P' else '\\p' end || '{{ '{' ~ known ~ '}' }}'
                        {%- endfor %}
                        when 'word' then case when sign like '[:^%' then '\\W' else '\\w' end
                    end
                    when sign like '[%' then replace(replace(sign, '^', '\\^'), '[', '\\[')
                    when sign = '&' then '\\&'
                    else sign
                end
                when sign like '[:%' then null
                when sign like '[%' then replace(sign, ']', '\\]')
                when sign = '.' then '[^\\n]'
                when sign = '$' then '\\z'
                when sign = '(?' then null
                when sign = '(?i)' then ''
                when sign = '(?i:' then '(?:'
                when sign rlike '^\\(\\?P?<' then '('
                when sign in ('{', '}', ']') then '\\' || sign
                when sign rlike '^([*+?]|\\{.)' and so_far.repeats then null
                else sign
            end,
            'in_class',
            case
                when sign like '\\\\%' or sign like '[:%' then so_far.in_class
                when so_far.in_class then sign not in (']', '[]', '[^]')
                else sign like '[%'
            end,
            'repeats',
            not so_far.in_class and sign rlike '^([*+?]|\\{.)'
        ),
        found -> case when not found.in_class then '(?iu)' || found.words end
    )
{%- endmacro %}
