"""What belongs here: what engines say apart, what a macro has to give on each of them, and how rows
of two engines are compared."""

import json

# Numbers that an engine makes of texts by a hash of its own, and what tells by which engine; and
# the ids of parts of the history, which are drawn anew wherever one is written.
KEYS = frozenset(
    ["kind_key", "event_key", "email_key", "visitor_key", "lead_key", "lead_keys"]
    + ["test_no", "set_no", "definition", "written_id"]
)

# A regular expression of a rule book, a text, and whether it is found there; None where DuckDB
# cannot read it.
PATTERNS = [
    (r"\bceo\b", "Our CEO, today", True),
    (r"\bceo\b", "videoceot", False),
    (r"\bceo\b", "éceoé", True),
    (r"\Bceo", "xceo", True),
    (r"^\d+$", "٣٤", False),
    (r"^\w+$", "émile", False),
    (r"[^\w]", "é", True),
    (r"[\D]", "12", False),
    (r"a.b", "a\nb", False),
    (r"a\sb", "a\u00a0b", False),
    (r"(?i)sales", "SALES", True),
    (r"x(?i:sales)", "XSALES", True),
    (r"^É", "école", True),
    (r"<.+?>", "<a>", True),
    (r"^[[:alpha:]]$", "é", False),
    (r"[[]x[]]", "[x]", True),
    (r"a{,2}", "a{,2}", True),
    (r"\Qa.b\E", "a.b", True),
    (r"\Qa.b\E", "axb", False),
    (r"\x41\x{e9}", "Aé", True),
    (r"(?P<name>vp) of", "VP of", True),
    (r"a{2", "a{2", True),
    (r"***:x", "x", None),
    (r"(a)\1", "aa", None),
    (r"(unclosed", "unclosed", None),
]
# What is said by macros, or in SQL that both engines know, and how Postgres alone would say it,
# which is another thing or an error there.
SAID_APART = {
    "a number with its digits parted": (
        """{{ cast_or_null("'1_000'", 'decimal(38, 10)') }}""",
        "case when '1_000' ~ '^[0-9]+$' then 1000 end",
    ),
    "a number that is none": ("""{{ read_number("'nan'") }}""", "cast('nan' as numeric)"),
    "a day that is none": ("""{{ read_date("'2026-02-30'") }}""", "cast('2026-02-30' as date)"),
    "the 60th second": (
        """{{ cast_or_null("'2026-05-01 23:59:60'", dbt.type_timestamp()) }}""",
        "cast('2026-05-01 23:59:60' as timestamp)",
    ),
    "what is finer than a microsecond": (
        """{{ cast_or_null("'2026-05-01 10:30:15.1234567'", dbt.type_timestamp()) }}""",
        "cast('2026-05-01 10:30:15.1234567' as timestamp)",
    ),
    "a time with its distance from UTC": (
        """{{ read_timestamp("'2026-05-01 23:30:00-02:00'", 'text', none) }}""",
        "cast('2026-05-01 23:30:00-02:00' as timestamp)",
    ),
    "a half": (
        """{{ as_decimal(divided('100 * cast(1.8545 as decimal(18, 4))', '40'), 7, 4) }}""",
        "cast(100 * cast(1.8545 as decimal(18, 4)) / 40 as decimal(7, 4))",
    ),
    "whole numbers divided": ("{{ divided('7', '2') }}", "7 / 2"),
    "what is nearly nothing": (
        "{{ as_decimal(fade('100000', '1'), 5, 4) }}",
        "power(0.5::float8, 100000)",
    ),
    "digits of other scripts": ("""{{ mask("'٣a'") }}""", "'2 letters'"),
    "letters of other scripts": ("lower('ÉŠΣİ')", """lower('ÉŠΣİ' collate "C")"""),
    "the order of texts": ("'B' < 'a'", """'B' < 'a' collate "und-x-icu\""""),
    "the order of what is not known": (
        "(select x from (values (1), (null)) as t (x) order by x desc nulls last limit 1)",
        "(select x from (values (1), (null)) as t (x) order by x desc limit 1)",
    ),
    "a letter three times": ("""{{ has_letter_run("'Zoëëë'") }}""", r"'Zoëëë' ~ '([a-z])\1\1'"),
}

# What a variant of a macro has to give, whatever it is made of.
SAID_ALIKE = [
    *(
        f"{{{{ as_decimal('cast({number} as ' ~ type_double() ~ ')', 5, {places}) }}}}"
        for number, places in [("2.5", 0), ("-2.5", 0), ("2.55", 1), ("2.65", 1)]
    ),
    "{{ whole_part('7', '2') }}",
    *(
        f"""cast({{{{ cast_or_null("'{text}'", 'decimal(38, 10)') }}}} as decimal(18, 4))"""
        for text in ("1__0", "_1", "infinity", "0x1F", " 7 ", "1e3")
    ),
    """cast(extract(day from {{ cast_or_null("'0000-02-29'", dbt.type_timestamp()) }}) as int)""",
    """{{ key_of(["'a'", 'cast(null as ' ~ dbt.type_string() ~ ')']) }}
        <> {{ key_of(["'a'", "''"]) }}""",
    """cast(floor(1000 * {{ draw_of(["'a'", "'b'"]) }}) as integer)""",
    """(select {{ item_of('found', 1) }} from (
        select {{ largest('x', 'x <> 9') }} as found from (values (1), (3), (9), (2)) as t (x)
    ) as lists)""",
    """{{ days_between("cast('2026-02-28' as date)", "cast('2026-03-01' as date)") }}""",
    *(
        f"{{{{ read_epoch('cast({count} as bigint)') }}}}"
        for count in (1782800000, 1782800000123, 1782800000123456, 1782800000123456789)
    ),
    # As text they are read as floating point, and rounded.
    *(
        f"""{{{{ read_timestamp("'{text}'", 'text', none) }}}}"""
        for text in (
            *("1777631400.5", "1777631400.1234567", "1777631400123.4567"),
            *("1777631400123456.5", "1777631400123457.5", "1777631400123456789"),
            *("2026-05-01 24:00", "2026-05-01T24:00:00.0000001", "2026-05-01 24:00:01"),
        )
    ),
    """{{ read_date("'2026-05-01 24:00:00'") }}""",
    *(
        "{{ strip_invisible([character_of(160), \"'a'\", character_of(173), \"'b'\","
        f" character_of(8203)] | join(' || '), {name}) }}}}"
        for name in ("true", "false")
    ),
    """{{ has_letter_run("'xAaA'") }}""",
    """{{ may_have_blanks("'a' || chr(160)") }}""",
    """(select {{ dbt.listagg('part', "'+'", 'order by part') }} from (
        select {{ split_to_rows("'b|a,c|'") }} as part
    ) as parts)""",
]


def list_said():
    """All of it as expressions with macros in them: values, whether patterns are found as they
    should be, and which of them can be read, from a column, as the rule book's are judged."""
    said = [*(macros for macros, _ in SAID_APART.values()), *SAID_ALIKE]
    for pattern, text, is_found in PATTERNS:
        if is_found is not None:
            parts = [f"quote_text({json.dumps(part)})" for part in (text, pattern)]
            said.append(f"{{{{ pattern_is_found({', '.join(parts)}) }}}} = {is_found}")
    patterns = ", ".join(
        f"({n}, {{{{ quote_text({json.dumps(pattern)}) }}}})"
        for n, (pattern, _, _) in enumerate(PATTERNS)
    )
    said.append(
        "(select {{ dbt.listagg('readable', \"''\", 'order by n') }} from (select n, case when"
        " {{ pattern_is_readable('t.pattern') }} then 'y' else 'n' end as readable"
        f" from (values {patterns}) as t (n, pattern)) as patterns)"
    )
    return said


def demand_found(values):
    """That DuckDB's values of list_said hold what PATTERNS say of it."""
    assert set(values[len(SAID_APART) + len(SAID_ALIKE) : -1]) == {True}
    assert values[-1] == "".join("n" if found is None else "y" for *_, found in PATTERNS)


def write_column(name, kind):
    """A column as the two engines can agree on it; none where they cannot."""
    if name in KEYS:
        return None
    if kind.startswith(("DECIMAL", "DOUBLE")) or "INT" in kind:
        return f'round(cast("{name}" as double), 6)'
    return f'cast("{name}" as {"varchar" if "[" in kind else kind})'
