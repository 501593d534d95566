with

attribute_points as (

    select * from {{ ref('attribute_points') }}

),

rules as (

    select * from {{ ref('rules') }}
    where kind = 'attribute' and model_no is not null

),

field_links as (

    select * from {{ ref('int_field_links') }}

),

lead_values as (

    select * from {{ ref('int_lead_values') }}

),

leads as (

    select * from {{ ref('int_leads') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

rule_fields as (

    select
        as_of_dates.as_of_date,
        rules.model_no,
        rules.rule_no,
        rules.dimension,
        field_links.field_no
    from rules
    inner join as_of_dates on {{ is_valid_on('rules', 'as_of_dates.as_of_date') }}
    inner join field_links on rules.attribute_key = field_links.attribute

),

model_fields as (

    select distinct
        as_of_date,
        model_no,
        field_no
    from rule_fields

),

-- Every field is an attribute that hangs on itself.
missing_fields as (

    select
        lead_values.as_of_date,
        lead_values.lead_no,
        field_links.field_no
    from lead_values
    inner join field_links
        on
        lead_values.value_no = field_links.missing_value_no
        and field_links.attribute_no = field_links.field_no

),

points_of_leads as (

    select
        attribute_points.as_of_date,
        rule_fields.model_no,
        attribute_points.lead_no,
        rule_fields.field_no,
        {{ each_dimension(
            "sum(case when rule_fields.dimension = '{}' then attribute_points.points else 0 end)"
            ~ " as {}_points", fit_dimensions()
        ) }}
    from attribute_points
    inner join rule_fields
        on
        attribute_points.as_of_date = rule_fields.as_of_date
        and attribute_points.rule_no = rule_fields.rule_no
    left join missing_fields
        on
        attribute_points.as_of_date = missing_fields.as_of_date
        and attribute_points.lead_no = missing_fields.lead_no
        and rule_fields.field_no = missing_fields.field_no
    where missing_fields.lead_no is null
    group by
        attribute_points.as_of_date, rule_fields.model_no, attribute_points.lead_no,
        rule_fields.field_no

),

leads_with_points as (

    select
        as_of_date,
        model_no,
        field_no,
        {{ each_dimension('{}_points', fit_dimensions()) }},
        count(*) as leads
    from points_of_leads
    group by
        as_of_date, model_no, field_no,
        {{ each_dimension('{}_points', fit_dimensions()) }}

),

leads_in_all as (

    select
        as_of_date,
        count(*) as leads
    from leads
    group by as_of_date

),

-- Those that know a field and meet no rule that hangs on it: all but those without it and those
-- that meet one.
leads_without_points as (

    select
        model_fields.as_of_date,
        model_fields.model_no,
        model_fields.field_no,
        leads_in_all.leads
    from model_fields
    inner join leads_in_all on model_fields.as_of_date = leads_in_all.as_of_date
    union all
    select
        model_fields.as_of_date,
        model_fields.model_no,
        model_fields.field_no,
        -count(*) as leads
    from model_fields
    inner join missing_fields
        on
        model_fields.as_of_date = missing_fields.as_of_date
        and model_fields.field_no = missing_fields.field_no
    group by model_fields.as_of_date, model_fields.model_no, model_fields.field_no
    union all
    select
        as_of_date,
        model_no,
        field_no,
        -leads as leads
    from leads_with_points

),

all_leads as (

    select * from leads_with_points
    union all
    select
        as_of_date,
        model_no,
        field_no,
        {{ each_dimension('0 as {}_points', fit_dimensions()) }},
        leads
    from leads_without_points

)

select
    as_of_date,
    model_no,
    field_no,
    {{ each_dimension(
        'cast({}_points as ' ~ type_points() ~ ') as {}_points', fit_dimensions()
    ) }},
    cast(sum(leads) as {{ dbt.type_bigint() }}) as leads
from all_leads
group by
    as_of_date, model_no, field_no,
    {{ each_dimension('{}_points', fit_dimensions()) }}
having sum(leads) > 0
