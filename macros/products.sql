{% macro is_of_product(model_product, named_product) -%}
    {# Whether what names a product counts for a model: a model without a product counts all, and
       what names no product counts for every model. #}
    (
        {{ model_product }} is null
        or {{ named_product }} is null
        or lower({{ model_product }}) = lower({{ named_product }})
    )
{%- endmacro %}
