{# How much a count of leads says: shares, how far they can be trusted, and middles. #}


{% macro wilson_low(hits, trials) -%}
    {# The low end of Wilson's 95 % interval of the share hits / trials, 0 to 1: below it the true
       share lies in one of 40 cases. Null without a trial, and where the hits are not known.
       5 of 10 is 0.2366 to 0.7634. #}
    {{ wilson_end(hits, trials, '-') }}
{%- endmacro %}

{% macro wilson_high(hits, trials) -%}
    {# The high end of the same interval. #}
    {{ wilson_end(hits, trials, '+') }}
{%- endmacro %}

{% macro normal_z() -%}
    {# Of a normal distribution 95 % lie within so many standard deviations. #}
    1.959963984540054
{%- endmacro %}


{% macro normal_reach(variance) -%}
    {# How far the ends of a sum's 95 % interval lie from its mean, from the sum of the variances of
       what is added. #}
    {{ normal_z() }} * sqrt({{ variance }})
{%- endmacro %}


{% macro wilson_end(hits, trials, direction) -%}
    {%- set z = normal_z() | trim | float -%}
    {%- set x = 'cast(' ~ hits ~ ' as ' ~ type_double() ~ ')' -%}
    {%- set n = 'cast(' ~ trials ~ ' as ' ~ type_double() ~ ')' -%}
    {%- set end_of_interval -%}
        least(1, greatest(0, (
            {{ x }} + {{ z * z / 2 }} {{ direction }} {{ z }} * sqrt(
                {{ x }} * ({{ n }} - {{ x }}) / {{ n }} + {{ z * z / 4 }}
            )
        ) / ({{ n }} + {{ z * z }})))
    {%- endset %}
    {{ as_decimal('case when ' ~ n ~ ' > 0 and ' ~ x ~ ' >= 0 then ' ~ end_of_interval ~ ' end', 5, 4) }}
{%- endmacro %}


{% macro share_of(hits, trials) -%}
    {# The share hits / trials, 0 to 1; null without a trial. #}
    {{ as_decimal(divided('1.0 * (' ~ hits ~ ')', 'nullif(' ~ trials ~ ', 0)'), 5, 4) }}
{%- endmacro %}


{% macro share_with_interval(hits, trials, name, share=none) -%}
    {# The share and the ends of its interval, as <share>, <name>_low and <name>_high; the share is
       called <name>_rate if nothing else is said. #}
    {{ share_of(hits, trials) }} as {{ share or name ~ '_rate' }},
    {{ wilson_low(hits, trials) }} as {{ name }}_low,
    {{ wilson_high(hits, trials) }} as {{ name }}_high
{%- endmacro %}


{% macro percentage_of(hits, trials) -%}
    {# The share hits / trials as 0 to 100; null without a trial. #}
    {{ as_decimal(divided('100.0 * (' ~ hits ~ ')', 'nullif(' ~ trials ~ ', 0)'), 5, 2) }}
{%- endmacro %}


{% macro format_share(share) -%}
    {# A share of 1 as people read it, at most one decimal: 4.1 %, 50 %. #}
    regexp_replace(
        cast(cast(100 * {{ share }} as decimal(4, 1)) as {{ dbt.type_string() }}), '[.]0$', ''
    ) || ' %'
{%- endmacro %}


{% macro median_of(number) -%}
    {# The middle of the numbers that are known; an aggregate. #}
    percentile_cont(0.5) within group (order by {{ number }})
{%- endmacro %}


{% macro weight_of_evidence(outcomes, others, outcomes_without, others_without) -%}
    {# How far the odds of an outcome are from those of all leads: the logarithm of their ratio, 0
       where they are the same, ln 2 where they are twice as high. None of the four counts may be
       0. #}
    ln(
        cast(({{ outcomes }}) as {{ type_double() }}) / ({{ others }})
        * ({{ others }} + {{ others_without }}) / ({{ outcomes }} + {{ outcomes_without }})
    )
{%- endmacro %}


{% macro variance_of_evidence(outcomes, others, outcomes_without, others_without) -%}
    {# How much it varies by chance, from the same counts. #}
    (
        {{ divided('1.0', outcomes) }} - {{ divided('1.0', outcomes ~ ' + ' ~ outcomes_without) }}
        + {{ divided('1.0', others) }} - {{ divided('1.0', others ~ ' + ' ~ others_without) }}
    )
{%- endmacro %}


{% macro information_of_split(outcomes, others, outcomes_without, others_without) -%}
    {# How much it tells to know on which side of a split a lead is: the share of all outcomes less
       the share of all others, times the weight of evidence, of both sides. 0.02 is little, 0.1
       some and 0.3 much. #}
    (
        {{ divided('1.0 * (' ~ outcomes ~ ')', outcomes ~ ' + ' ~ outcomes_without) }}
        - {{ divided('1.0 * (' ~ others ~ ')', others ~ ' + ' ~ others_without) }}
    ) * ln(
        cast(({{ outcomes }}) as {{ type_double() }}) / ({{ others }})
        * ({{ others_without }}) / ({{ outcomes_without }})
    )
{%- endmacro %}
