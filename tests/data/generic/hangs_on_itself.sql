{% test hangs_on_itself(model) %}
-- A failing row is a field that attributes hang on but that nobody can come to know: known_by in
-- seeds/reference/attributes.csv must name columns and custom attributes, each its own field.
select distinct fields.field
from {{ model }} as fields
left join {{ model }} as own on fields.field = own.attribute and fields.field = own.field
where own.field is null
{% endtest %}
