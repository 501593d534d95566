with

rule_curves as (

    select * from {{ ref('rule_curves') }}

),

ages as (

    select * from {{ ref('ages') }}

)

select
    rule_curves.rule_no,
    ages.age,
    {{ curve_at(
        'rule_curves', 'ages.age', fade('ages.age', 'rule_curves.half_life_days')
    ) }} as weight
from rule_curves
inner join ages on ages.age between rule_curves.from_age and rule_curves.to_age
