{# Versions of a record from a table that has one row per change of a property. #}


{% macro property_versions(changes, key, properties) -%}
    {# CTEs `moments`, `numbered` and `past` from the CTE `changes` (the key, name, value, timestamp,
       _fivetran_synced): one row per record and moment at which one of `properties` changed, with what
       each was then. <property>_changes: how many changes of it are known of the record; where there
       are none it has always been what it is. #}
moments as (

    select
        {{ key }},
        timestamp as changed_at,
        max(_fivetran_synced) as loaded_at,
        max(_file_name) as _file_name,
        {%- for name in properties %}
        max(case when name = '{{ name }}' then 1 end) as {{ name }}_change,
        max(case when name = '{{ name }}' then value end) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ changes }}
    where timestamp is not null
    and name in ('{{ properties | join("', '") }}')
    group by {{ key }}, timestamp

),

-- Of each property the number of the change that holds at the moment: a cleared value holds too.
numbered as (

    select
        *,
        {%- for name in properties %}
        count({{ name }}_change) over (partition by {{ key }} order by changed_at) as {{ name }}_number,
        count({{ name }}_change) over (partition by {{ key }}) as {{ name }}_changes{{ ',' if not loop.last }}
        {%- endfor %}
    from moments

),

past as (

    select
        {{ key }},
        changed_at,
        loaded_at,
        _file_name,
        {%- for name in properties %}
        {{ name }}_changes,
        max({{ name }}) over (partition by {{ key }}, {{ name }}_number) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from numbered

),

last_changes as (

    select
        {{ key }},
        max(changed_at) as changed_at
    from moments
    group by {{ key }}

)
{%- endmacro %}


{% macro past_columns(properties, now) -%}
    {# Of each property what it was at a moment of the past, by the row of `past`, or where nothing of it
       is known what the row `now` says. #}
    {%- for name in properties %}
        case when past.{{ name }}_changes > 0 then past.{{ name }} else {{ now }}.property_{{ name }} end as {{ name }},
    {%- endfor %}
{%- endmacro %}


{% macro present_columns(properties) -%}
    {%- for name in properties %}
        property_{{ name }} as {{ name }},
    {%- endfor %}
{%- endmacro %}


{% macro unpivot_fields(rows, fields, moment='coalesce(updated_at, created_at)') -%}
    {# One row per record of `rows` and custom field with a value, as of a moment, and how it goes on; a
       column has its field's name in small letters. #}
    {%- for name in fields %}
    select
        id,
        '{{ name }}' as attribute,
        {{ name | lower }} as value,
        {{ moment }} as updated_at,
        _fivetran_synced,
        _file_name
    from {{ rows }}
    where {{ name | lower }} is not null
    union all
    {%- endfor %}
{%- endmacro %}


{% macro web_host(text) -%}
    {# The host of an address of the web, without www. #}
    nullif(regexp_replace(regexp_replace(lower({{ text }}), '^([a-z]+://)?(www[.])?', ''), '[/?#:].*$', ''), '')
{%- endmacro %}


{% macro follow_merges() -%}
    {# CTE `survivors`: whom each loser_id of the CTE `pairs` (loser_id, winner_id) has become in the end,
       null where it goes round in a circle; a part of a `with recursive`. #}
-- Whom each has become, over any number of merges; a circle adds nothing new, and ends.
chains as (

    select
        loser_id,
        winner_id
    from pairs
    union
    select
        chains.loser_id,
        pairs.winner_id
    from chains
    inner join pairs on chains.winner_id = pairs.loser_id

),

survivors as (

    select
        chains.loser_id,
        min(case when pairs.loser_id is null then chains.winner_id end) as survivor_id
    from chains
    left join pairs on chains.winner_id = pairs.loser_id
    group by chains.loser_id

)
{%- endmacro %}


{% macro refuse_circles(merges, vendor) -%}
    {# Stops the run with a sentence where somebody was merged into themselves, over any number of
       merges: nobody is left who it could be. #}
    {%- if execute -%}
        {%- set found = run_query(
            'select loser_id from ' ~ merges ~ ' where survivor_id is null order by loser_id limit 5'
        ).columns[0].values() -%}
        {%- if found -%}
            {%- do exceptions.raise_compiler_error(
                "In " ~ vendor ~ " the records " ~ found | join(', ') ~ " are merged into one another in a circle, "
                ~ "so that none is left that the others became: have one of these merges taken out of the source's tables."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
