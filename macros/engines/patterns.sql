{# Regular expressions. DuckDB reads them by RE2, Postgres by its own ARE, where \b is a backspace, a
   dot takes a line break, \d and \w take letters and digits of every script, and [[:alpha:]] goes by
   the locale. The rule book is written for RE2: on Postgres a pattern is put into ARE's words first. #}


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
