"""What belongs here: what an intraday run did, for people and for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Any

from orchestration.lib.basics.progress import count_things


@dataclass(frozen=True)
class IntradayRun:
    """What an intraday run did: how many leads it scored anew, how long it took from load to
    hand-over, in seconds, for each hand-over that it put into the outbox, what it warns of, and the
    publication that shows it (None where nothing had loaded)."""

    leads: int
    waits: list[float]
    warnings: list[str]
    publication_id: str | None

    @property
    def hand_overs(self) -> int:
        """How many leads were handed over."""
        return len(self.waits)

    def describe(self) -> list[str]:
        """What it did, in sentences.

        >>> IntradayRun(2, [9.5], [], "20260630T101500Z-abcdef").describe()[0]
        'Scored anew: 2 leads. Published as 20260630T101500Z-abcdef.'
        """
        lines = [f"WARNING: {warning}" for warning in self.warnings]
        if not self.publication_id:
            return ["Nothing has loaded that touches a lead: what is live stays.", *lines]
        scored = count_things(self.leads, "lead")
        return [
            f"Scored anew: {scored}. Published as {self.publication_id}.",
            describe_waits(self.waits),
            *lines,
        ]

    def document(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "leads": self.leads,
            "hand_overs": self.hand_overs,
            "seconds_from_load": measure_waits(self.waits),
            "warnings": self.warnings,
            "publication_id": self.publication_id,
        }


def measure_waits(waits: Sequence[float]) -> dict[str, float] | None:
    """Median, 95th percentile and longest of the seconds from load to hand-over; None where nothing
    was handed over.

    >>> measure_waits([8, 10, 12, 50])
    {'median': 11.0, 'percentile_95': 50, 'longest': 50}
    """
    if not waits:
        return None
    in_order = sorted(waits)
    return {
        "median": median(in_order),
        "percentile_95": in_order[ceil(0.95 * len(in_order)) - 1],
        "longest": in_order[-1],
    }


def describe_waits(waits: Sequence[float]) -> str:
    """How long hand-overs took.

    >>> describe_waits([8, 10, 12, 50])
    'Handed over: 4 leads; from load to hand-over half within 11 s, 95 of 100 within 50 s, all \
within 50 s.'
    >>> describe_waits([])
    'Handed over: nobody.'
    """
    told = measure_waits(waits)
    if not told:
        return "Handed over: nobody."
    return (
        f"Handed over: {count_things(len(waits), 'lead')}; from load to hand-over half within"
        f" {told['median']:,.0f} s, 95 of 100 within {told['percentile_95']:,.0f} s, all within"
        f" {told['longest']:,.0f} s."
    )
