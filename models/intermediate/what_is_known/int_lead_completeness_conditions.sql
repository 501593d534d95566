{{ lead_conditions(
    [ref('int_lead_values'), ref('int_lead_conditions'), ref('int_lead_completeness')],
    needs_completeness=true
) }}
