{# Versions of CRM rows: the raw change log where there is one, a snapshot where the source
   overwrites (the var crm_overwrites). #}


{% macro versions_of(table) -%}
    {# The relation with every version of a CRM table's rows. #}
    {%- if var('crm_overwrites') -%}
        {{ return(ref('crm_' ~ table ~ '_snapshot')) }}
    {%- endif -%}
    {{ return(ref('stg_crm__' ~ table)) }}
{%- endmacro %}


{% macro gone_from() -%}
    {# From which day on the row of a version is gone from its table, or null; for a select list. #}
    {%- if var('crm_overwrites') -%}
        cast(dbt_valid_to as date)
    {%- else -%}
        cast(null as date)
    {%- endif -%}
{%- endmacro %}


{% macro newest_versions(table, key, is_created=false) -%}
    {# One row per as-of date and key: the newest version of a CRM row of that day, as_of_date first;
       none where the row is gone by then, or is created later. #}
    select * from (
        select
            as_of_dates.as_of_date,
            versions.*,
            row_number() over (
                partition by as_of_dates.as_of_date, versions.{{ key }}
                order by versions.updated_at desc, versions._loaded_at desc
            ) as recency
        from (select *, {{ gone_from() }} as gone_from from {{ versions_of(table) }}) as versions
        inner join {{ ref('int_as_of_dates') }} as as_of_dates
            on cast(versions.updated_at as date) <= as_of_dates.as_of_date
            and {{ is_known_by('versions', 'as_of_dates') }}
            {%- if is_created %}
            and cast(versions.created_at as date) <= as_of_dates.as_of_date
            {%- endif %}
    ) as ranked_versions
    where recency = 1 and (gone_from is null or gone_from > as_of_date)
{%- endmacro %}
