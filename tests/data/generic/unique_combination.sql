{% test unique_combination(model, columns) %}
-- A failing row is a key that stands more than once: the model's grain is broken.
select
    {{ columns | join(', ') }},
    count(*) as copies
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
