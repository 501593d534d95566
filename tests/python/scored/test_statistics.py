"""What belongs here: the formulas of macros/statistics.sql, against the same ones written down by
hand. They are rendered without dbt; the unit tests beside the marts use them as dbt does."""

from decimal import Decimal
from math import sqrt
from pathlib import Path

import duckdb
import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

FILE = Path(__file__).parents[3] / "macros" / "statistics.sql"

counts = st.lists(
    st.integers(0, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=30,
)


@pytest.fixture(scope="module")
def macros():
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    # As macros/engines has them for DuckDB.
    names = {
        "type_double": lambda: "double",
        "divided": lambda number, divisor: f"{number} / ({divisor})",
        "as_decimal": lambda number, *shape: f"cast({number} as decimal{shape})",
        "dbt": {"type_string": lambda: "varchar"},
    }
    return environment.from_string(FILE.read_text(), globals=names).module


def evaluate(expression, rows):
    """The SQL `expression` over x, n of each of `rows`, in their order."""
    values = ", ".join(f"({i}, {x}, {n})" for i, (x, n) in enumerate(rows))
    sql = f"select {expression} from (values {values}) as t (i, x, n) order by i"
    return [row[0] for row in duckdb.execute(sql).fetchall()]


def wilson(x, n, z=1.959963984540054):
    """Wilson's interval as the textbook has it."""
    if n == 0:
        return None, None
    p = x / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return middle - reach, middle + reach


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (5, 10, "0.2366", "0.7634"),
        (0, 10, "0.0000", "0.2775"),
        (10, 10, "0.7225", "1.0000"),
        (1, 1000, "0.0002", "0.0056"),
        (0, 0, None, None),
    ],
)
def test_wilsons_interval_of_known_counts(macros, hits, trials, low, high):
    ends = [Decimal(low), Decimal(high)] if low else [None, None]
    rendered = [macros.wilson_low("x", "n"), macros.wilson_high("x", "n")]
    assert [evaluate(end, [(hits, trials)])[0] for end in rendered] == ends


@given(rows=counts)
def test_wilsons_interval_is_the_textbooks_and_holds_the_share(macros, rows):
    lows = evaluate(macros.wilson_low("x", "n"), rows)
    highs = evaluate(macros.wilson_high("x", "n"), rows)
    for (x, n), low, high in zip(rows, lows, highs, strict=True):
        expected = wilson(x, n)
        if n == 0:
            assert (low, high) == expected
        else:
            assert float(low) == pytest.approx(max(0, expected[0]), abs=0.5001e-4)
            assert float(high) == pytest.approx(min(1, expected[1]), abs=0.5001e-4)
            assert 0 <= low <= high <= 1
            assert float(low) - 1e-4 <= x / n <= float(high) + 1e-4


@given(rows=counts)
def test_shares_are_null_where_there_is_nothing_to_share(macros, rows):
    shares = evaluate(macros.share_of("x", "n"), rows)
    percentages = evaluate(macros.percentage_of("x", "n"), rows)
    for (x, n), share, percentage in zip(rows, shares, percentages, strict=True):
        if n == 0:
            assert share is None and percentage is None
        else:
            assert float(share) == pytest.approx(x / n, abs=0.5001e-4)
            assert float(percentage) == pytest.approx(100 * x / n, abs=0.5001e-2)


def test_shares_are_read_with_one_decimal_at_most(macros):
    words = evaluate(macros.format_share("x"), [(0.5, 0), (0.0414, 0), (1, 0), (0, 0), (0.1, 0)])
    assert words == ["50 %", "4.1 %", "100 %", "0 %", "10 %"]
