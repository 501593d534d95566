{{ lead_conditions([ref('int_lead_values')], needs_completeness=false) }}
