"""What belongs here: which examples there are, and the dates that part what their rule books were
made from and what they are judged by."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.lib.basics.settings import PROJECT_ROOT

BUILD = PROJECT_ROOT / "build" / "examples"


@dataclass(frozen=True)
class Example:
    """One example. Points come from the leads created from `learn_from` on and before `split_on`,
    and from what was known of them before `split_on`; the leads from `split_on` on judge them.

    A lead converts where it wins an opportunity no later than `within_days` after the day it was
    created. `as_of` is the day of the newest lead.
    """

    name: str
    converts: str
    learn_from: date
    split_on: date
    as_of: date
    within_days: int

    @property
    def rules(self) -> Path:
        """The folder of the example's rule book."""
        return PROJECT_ROOT / "examples" / self.name / "rules"

    @property
    def raw(self) -> Path:
        """The folder its raw tables are written to."""
        return BUILD / self.name / "raw"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file it is scored in."""
        return BUILD / self.name / "leads.duckdb"

    @property
    def published(self) -> Path:
        """The folder its scores are published in."""
        return BUILD / self.name / "published"


EXAMPLES = {
    example.name: example
    for example in [
        Example(
            name="olist",
            converts="closed a deal within 90 days",
            # The CRM recorded no deal before December 2017.
            learn_from=date(2018, 1, 1),
            split_on=date(2018, 4, 1),
            as_of=date(2018, 5, 31),
            within_days=90,
        ),
        Example(
            name="uci_bank",
            converts="subscribed on the call",
            learn_from=date(2008, 5, 1),
            split_on=date(2009, 5, 1),
            as_of=date(2010, 11, 17),
            within_days=0,
        ),
    ]
}


def find_example(name: str) -> Example:
    """The example of that name. Raises ValueError where there is none.

    >>> find_example("olist").split_on
    datetime.date(2018, 4, 1)
    """
    if name not in EXAMPLES:
        raise ValueError(f"There is no example '{name}': choose one of {', '.join(EXAMPLES)}.")
    return EXAMPLES[name]
