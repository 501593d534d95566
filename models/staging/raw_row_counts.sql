{{ config(materialized='table') }}

with

counted as (

    select
        'crm.leads' as table_name,
        {{ count_raw_rows(source('crm', 'leads')) }} as rows_read,
        (select count(*) from {{ ref('stg_crm__leads') }}) as rows_staged,
        (
            select count(*) from {{ ref('base_crm__leads') }}
            where quarantine_reason is null and copy_number > 1
        ) as rows_duplicate
    union all
    select
        'crm.lead_attributes' as table_name,
        {{ count_raw_rows(source('crm', 'lead_attributes')) }} as rows_read,
        (select count(*) from {{ ref('stg_crm__lead_attributes') }}) as rows_staged,
        (
            select count(*) from {{ ref('base_crm__lead_attributes') }}
            where quarantine_reason is null and copy_number > 1
        ) as rows_duplicate
    union all
    select
        'crm.accounts' as table_name,
        {{ count_raw_rows(source('crm', 'accounts')) }} as rows_read,
        (select count(*) from {{ ref('stg_crm__accounts') }}) as rows_staged,
        (
            select count(*) from {{ ref('base_crm__accounts') }}
            where quarantine_reason is null and copy_number > 1
        ) as rows_duplicate
    union all
    select
        'crm.opportunities' as table_name,
        {{ count_raw_rows(source('crm', 'opportunities')) }} as rows_read,
        (select count(*) from {{ ref('stg_crm__opportunities') }}) as rows_staged,
        (
            select count(*) from {{ ref('base_crm__opportunities') }}
            where quarantine_reason is null and copy_number > 1
        ) as rows_duplicate
    union all
    select
        'crm.opportunity_stages' as table_name,
        {{ count_raw_rows(source('crm', 'opportunity_stages')) }} as rows_read,
        (select count(*) from {{ ref('stg_crm__opportunity_stages') }}) as rows_staged,
        (
            select count(*) from {{ ref('base_crm__opportunity_stages') }}
            where quarantine_reason is null and copy_number > 1
        ) as rows_duplicate
    union all
    select
        'crm.activities' as table_name,
        {{ count_raw_rows(source('crm', 'activities')) }} as rows_read,
        (select count(*) from {{ ref('stg_crm__activities') }}) as rows_staged,
        (
            select count(*) from {{ ref('base_crm__activities') }}
            where quarantine_reason is null and copy_number > 1
        ) as rows_duplicate
    union all
    select
        'crm.lead_feedback' as table_name,
        {{ count_raw_rows(source('crm', 'lead_feedback')) }} as rows_read,
        (select count(*) from {{ ref('stg_crm__lead_feedback') }}) as rows_staged,
        (
            select count(*) from {{ ref('base_crm__lead_feedback') }}
            where quarantine_reason is null and copy_number > 1
        ) as rows_duplicate
    union all
    select
        'web.events' as table_name,
        {{ count_raw_rows(source('web', 'events')) }} as rows_read,
        (select count(*) from {{ ref('stg_web__events') }}) as rows_staged,
        (
            select count(*) from {{ ref('base_web__events') }}
            where quarantine_reason is null and copy_number > 1
        ) as rows_duplicate
    union all
    select
        'email.events' as table_name,
        {{ count_raw_rows(source('email', 'events')) }} as rows_read,
        (select count(*) from {{ ref('stg_email__events') }}) as rows_staged,
        (
            select count(*) from {{ ref('base_email__events') }}
            where quarantine_reason is null and copy_number > 1
        ) as rows_duplicate
    union all
    select
        'email.campaigns' as table_name,
        {{ count_raw_rows(source('email', 'campaigns')) }} as rows_read,
        (select count(*) from {{ ref('stg_email__campaigns') }}) as rows_staged,
        (
            select count(*) from {{ ref('base_email__campaigns') }}
            where quarantine_reason is null and copy_number > 1
        ) as rows_duplicate

)

select * from counted
