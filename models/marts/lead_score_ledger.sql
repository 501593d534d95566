{{ config(materialized='view') }}

with

ledger_rows as (

    select * from {{ ref('ledger_rows') }}

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

),

-- Evidence may be read by anyone who reads the score, so it names no personal data.
rule_texts as (

    select
        rule_no,
        model_id,
        rule_id,
        kind,
        dimension,
        reason,
        in_order,
        case kind
            when 'activity' then replace(activities, '_', ' ')
            when 'sequence'
                then
                    {{ sequence_in_words('activities', 'in_order') }} || ' within '
                    || cast(cast(within_days as {{ dbt.type_bigint() }}) as {{ dbt.type_string() }})
                    || ' days'
        end as what,
        replace(dimension, '_', ' ') as dimension_text,
        -- A sequence has no limit of its own.
        coalesce(max_points, 1) as max_points,
        'limit: ' || {{ format_points('low') }} as low_limit,
        'limit: ' || {{ format_points('high') }} as high_limit
    from {{ ref('rules') }}
    where model_no is not null

),

value_texts as (

    select * from {{ ref('value_texts') }}

)

select
    ledger_rows.as_of_date,
    rule_texts.model_id,
    lead_numbers.lead_id,
    rule_texts.rule_id,
    rule_texts.dimension,
    case
        when rule_texts.kind <> 'cap' then rule_texts.reason
        else
            'Held at the ' || case when ledger_rows.points < 0 then 'most' else 'least' end
            || ' the model gives for ' || rule_texts.dimension_text
    end as reason,
    case rule_texts.kind
        when 'attribute' then value_texts.evidence
        when 'cap'
            then
                case
                    when ledger_rows.points < 0 then rule_texts.high_limit
                    else rule_texts.low_limit
                end
        else
            case
                when rule_texts.kind = 'activity'
                    then cast(ledger_rows.event_count as {{ dbt.type_string() }}) || ' × '
                else ''
            end
            || rule_texts.what
            || case when rule_texts.in_order then ', complete on ' else ', last on ' end
            || cast(
                cast(ledger_rows.as_of_date - ledger_rows.days_ago as date)
                as {{ dbt.type_string() }}
            )
            || case
                when ledger_rows.points = 0 and rule_texts.max_points > 0 then ', faded'
                else ''
            end
    end as evidence,
    cast(ledger_rows.as_of_date - ledger_rows.days_ago as date) as occurred_on,
    cast(ledger_rows.event_count as {{ dbt.type_bigint() }}) as event_count,
    cast(ledger_rows.raw_points as decimal(12, 4)) as raw_points,
    cast(ledger_rows.points as decimal(12, 4)) as points
from ledger_rows
inner join lead_numbers on ledger_rows.lead_no = lead_numbers.lead_no
inner join rule_texts on ledger_rows.rule_no = rule_texts.rule_no
left join value_texts on ledger_rows.value_no = value_texts.value_no
