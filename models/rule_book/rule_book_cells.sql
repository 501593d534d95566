{{ stack_cells([
    ref('models'), ref('dimensions'), ref('rules_demographic'), ref('rules_firmographic'),
    ref('rules_readiness'), ref('rules_data_quality'), ref('activities'),
    ref('rules_behavioral'), ref('rules_sequence'), ref('tiers'), ref('grades'),
    ref('exclusions'), ref('key_fields'), ref('custom_attributes'), ref('free_mail_domains'),
    ref('disposable_mail_domains'), ref('corporate_mail_domains'), ref('isp_organizations'),
    ref('role_mailboxes'),
    ref('job_levels'), ref('job_functions'), ref('stage_confidence'),
    ref('machine_user_agents'), ref('machine_thresholds'), ref('sensitive_fields'),
    ref('score_parts'), ref('account_rollup'), ref('stages'), ref('recycling'), ref('feeds'),
    ref('model_minimums'), ref('score_limits'), ref('suppressions')
]) }}
