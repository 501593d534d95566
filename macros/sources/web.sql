{# What trackers of web sites (GA4, Segment, Snowplow) have in common: whom an event names, and what is
   read of an address of the web. docs/decisions/0029-sources.md says why. #}


{% macro address_in(text) -%}
    {# The text where it is an e-mail address, else null. #}
    case when {{ matches_pattern(text, '^[^@ ]+@[^@ ]+[.][^@ ]+$') }} then {{ text }} end
{%- endmacro %}


{% macro known_user(text) -%}
    {# The id of a user; null where a site that knows none sends a word in its place. #}
    case
        when lower({{ text }}) not in ('(not set)', 'null', 'none', 'nan', 'undefined', 'anonymous') then {{ text }}
    end
{%- endmacro %}


{% macro search_term_in(url) -%}
    {# What was searched for, by the query of the result's address; the names are those that GA4 looks
       for. #}
    {%- set pattern = '^[^?]*[?](.*&)?(q|s|search|query|keyword)=([^&#]*).*$' -%}
    case
        when {{ matches_pattern(url, pattern) }}
            then nullif(trim(replace(replace(regexp_replace({{ url }}, '{{ pattern }}', '\3'), '+', ' '), '%20', ' ')), '')
    end
{%- endmacro %}


{% macro text_after(column, words) -%}
    {# The value that stands after these words in the text of nested values: JSON, or what DuckDB writes of
       a list or a struct. Between words, and round them, there is nothing but punctuation. Null where
       there is none. #}
    {%- set between = '["' ~ "''" ~ ']?[:,] *[{]?["' ~ "''" ~ ']?' -%}
    {%- set value = '("[^"]*"|' ~ "''[^'']*''" ~ '|[^"' ~ "''" ~ ',{}]+)' -%}
    {%- set pattern = '^.*[{,] *["' ~ "''" ~ ']?' ~ words | join(between) ~ '["' ~ "''" ~ ']?: *' ~ value ~ '.*$' -%}
    case
        when {{ matches_pattern(column, pattern) }}
            then nullif(nullif(nullif(regexp_replace(
                regexp_replace({{ column }}, '{{ pattern }}', '\1'), '^["'']|["'']$', '', 'g'
            ), 'NULL'), 'null'), '')
    end
{%- endmacro %}


{% macro event_word(name) -%}
    {# The name of an event as source_words.csv has it: in small letters, with underscores. #}
    lower(regexp_replace({{ name }}, '[^A-Za-z0-9]+', '_', 'g'))
{%- endmacro %}


{% macro web_words(vendor) -%}
    {# A query of the words of a tracker and what they mean here. #}
    select
        word,
        meaning
    from {{ ref('source_words') }}
    where vendor = '{{ vendor }}' and field = 'web_event'
{%- endmacro %}


{% macro first_column(vendor, table, names) -%}
    {# The first of these columns that a vendor's table has; the first one where it has none. #}
    {%- set found = find_vendor_columns(vendor_rows(vendor, table)) -%}
    {%- for name in names if found.get(name) -%}
        {{ return(name) }}
    {%- endfor -%}
    {{ return(names[0]) }}
{%- endmacro %}


{% macro join_names() -%}
    {# A query of what web events may call a person by, an address or the id of a user, and the address
       that the lead has after all are joined: name, email. Of ids, those that the var web_user_ids
       says and events have: whenever a name comes to stand for somebody else all events are folded
       anew; of addresses, those that the person has no more or has elsewhere. What may be two people is
       nobody's. #}
    {%- set people = ref('source_people') if sources() | length > 1 else none -%}
    {%- set attributes = ref('raw_crm__lead_attributes') if people else none -%}
    {%- set aliases = views_of_sources('aliases') -%}
    {%- set events = views_of_sources('web.events') -%}
    {%- if not execute -%}{{ return('select 1 as parsed') }}{%- endif -%}
    {%- set text = dbt.type_string() -%}
    {%- set has_attributes = people and 'attribute' in raw_columns(load_relation(attributes)) %}
with

people as (

    {% if people -%}
    select
        vendor,
        vendor_lead_id,
        lead_id,
        address,
        joined_by,
        coalesce(lead_address, address) as email
    from {{ people }}
    where coalesce(lead_address, address) is not null
    {%- else -%}
    select
        cast(null as {{ text }}) as vendor,
        cast(null as {{ text }}) as vendor_lead_id,
        cast(null as {{ text }}) as lead_id,
        cast(null as {{ text }}) as address,
        cast(null as {{ text }}) as joined_by,
        cast(null as {{ text }}) as email
    where 1 = 0
    {%- endif %}

),

aliases as (

    {%- for vendor, view in aliases %}
    select '{{ vendor }}' as vendor, alias_id, lead_id from {{ view }}
    union all
    {%- endfor %}
    select
        cast(null as {{ text }}) as vendor,
        cast(null as {{ text }}) as alias_id,
        cast(null as {{ text }}) as lead_id
    where 1 = 0

),

current_addresses as (

    select distinct email
    from people

),

used_ids as (

    {%- for vendor, view in events if 'user_id' in raw_columns(load_relation(view)) %}
    select user_id from {{ view }}
    union
    {%- endfor %}
    select cast(null as {{ text }}) as user_id

),

ids as (

    {%- for kind in var('web_user_ids') %}
    {%- if kind in sources() %}
    {%- set start = 1 if kind == 'own' else kind | length + 2 %}
    select
        substr(vendor_lead_id, {{ start }}) as name,
        email
    from people
    where vendor = '{{ kind }}'
    union all
    select
        substr(aliases.alias_id, {{ start }}) as name,
        people.email
    from aliases
    inner join people on aliases.lead_id = people.vendor_lead_id
    where aliases.vendor = '{{ kind }}'
    union all
    {%- elif has_attributes and context.get(kind ~ '_views') is none %}
    select
        trim(attributes.value) as name,
        people.email
    from {{ attributes }} as attributes
    inner join people on attributes.lead_id = people.lead_id
    where attributes.attribute = '{{ kind }}'
    union all
    {%- endif %}
    {%- endfor %}
    select
        cast(null as {{ text }}) as name,
        cast(null as {{ text }}) as email
    where 1 = 0

),

names as (

    select
        name,
        email
    from ids
    where name in (select user_id from used_ids where user_id is not null)
    union all
    -- Of a person who was joined by a link the other vendor may have another address.
    select
        address as name,
        email
    from people
    where joined_by = 'link' and address not in (select email from current_addresses)
    union all
    select
        lower(trim(aliases.alias_id)) as name,
        coalesce(people.email, lower(trim(aliases.lead_id))) as email
    from aliases
    left join people on aliases.vendor = people.vendor and lower(trim(aliases.lead_id)) = people.address
    where aliases.alias_id like '%@%' and lower(trim(aliases.alias_id)) not in (select email from current_addresses)

)

select
    name,
    min(email) as email
from names
where name is not null and name <> ''
group by name
having min(email) = max(email)
{%- endmacro %}
