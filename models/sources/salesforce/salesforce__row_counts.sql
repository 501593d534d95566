select
    'lead' as vendor_table,
    'crm.leads' as table_name,
    cast(null as {{ dbt.type_string() }}) as reason,
    0 as row_count
