with

attribute_points as (

    select * from {{ ref('attribute_points') }}

),

attribute_rules as (

    select * from {{ ref('attribute_rules') }}

),

attribute_fields as (

    select * from {{ ref('attribute_fields') }}

),

unknown_attributes as (

    select * from {{ ref('int_lead_unknown_attributes') }}

),

leads as (

    select * from {{ ref('int_leads') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

rule_fields as (

    select
        as_of_dates.as_of_date,
        attribute_rules.model_id,
        attribute_rules.rule_id,
        attribute_fields.field
    from attribute_rules
    cross join as_of_dates
    inner join scored_models on attribute_rules.model_id = scored_models.model_id
    inner join attribute_fields on attribute_rules.attribute = attribute_fields.attribute
    where {{ is_valid_on('attribute_rules', 'as_of_dates.as_of_date') }}

),

model_fields as (

    select distinct
        as_of_date,
        model_id,
        field
    from rule_fields

),

-- Every field is an attribute that hangs on itself.
missing_fields as (

    select
        as_of_date,
        lead_id,
        field
    from unknown_attributes
    where attribute = field

),

leads_in_all as (

    select
        as_of_date,
        count(*) as leads
    from leads
    group by as_of_date

),

leads_without as (

    select
        as_of_date,
        field,
        count(*) as leads
    from missing_fields
    group by as_of_date, field

),

known_points as (

    select
        attribute_points.as_of_date,
        attribute_points.model_id,
        attribute_points.lead_id,
        rule_fields.field,
        attribute_points.dimension,
        attribute_points.points
    from attribute_points
    inner join rule_fields
        on
        attribute_points.as_of_date = rule_fields.as_of_date
        and attribute_points.model_id = rule_fields.model_id
        and attribute_points.rule_id = rule_fields.rule_id
    left join missing_fields
        on
        attribute_points.as_of_date = missing_fields.as_of_date
        and attribute_points.lead_id = missing_fields.lead_id
        and rule_fields.field = missing_fields.field
    where missing_fields.lead_id is null

),

points_of_leads as (

    select
        as_of_date,
        model_id,
        lead_id,
        field,
        sum(case when dimension = 'demographic' then points else 0 end) as demographic_points,
        sum(case when dimension = 'firmographic' then points else 0 end) as firmographic_points,
        sum(case when dimension = 'readiness' then points else 0 end) as readiness_points,
        sum(case when dimension = 'data_quality' then points else 0 end) as data_quality_points
    from known_points
    group by as_of_date, model_id, lead_id, field

),

leads_with_points as (

    select
        as_of_date,
        model_id,
        field,
        demographic_points,
        firmographic_points,
        readiness_points,
        data_quality_points,
        count(*) as leads
    from points_of_leads
    group by
        as_of_date, model_id, field, demographic_points, firmographic_points,
        readiness_points, data_quality_points

),

counted as (

    select
        as_of_date,
        model_id,
        field,
        sum(leads) as leads
    from leads_with_points
    group by as_of_date, model_id, field

),

-- Those that know the field and met no rule that hangs on it.
leads_without_points as (

    select
        model_fields.as_of_date,
        model_fields.model_id,
        model_fields.field,
        leads_in_all.leads - coalesce(leads_without.leads, 0) - coalesce(counted.leads, 0) as leads
    from model_fields
    inner join leads_in_all on model_fields.as_of_date = leads_in_all.as_of_date
    left join leads_without
        on
        model_fields.as_of_date = leads_without.as_of_date
        and model_fields.field = leads_without.field
    left join counted
        on
        model_fields.as_of_date = counted.as_of_date
        and model_fields.model_id = counted.model_id
        and model_fields.field = counted.field

),

all_leads as (

    select * from leads_with_points
    union all
    select
        as_of_date,
        model_id,
        field,
        0 as demographic_points,
        0 as firmographic_points,
        0 as readiness_points,
        0 as data_quality_points,
        leads
    from leads_without_points
    where leads > 0

),

field_points as (

    select
        as_of_date,
        model_id,
        field,
        cast(demographic_points as decimal(12, 4)) as demographic_points,
        cast(firmographic_points as decimal(12, 4)) as firmographic_points,
        cast(readiness_points as decimal(12, 4)) as readiness_points,
        cast(data_quality_points as decimal(12, 4)) as data_quality_points,
        cast(sum(leads) as {{ dbt.type_bigint() }}) as leads
    from all_leads
    group by
        as_of_date, model_id, field, demographic_points, firmographic_points,
        readiness_points, data_quality_points

)

select * from field_points
