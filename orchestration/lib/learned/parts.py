"""What belongs here: which leads of the past are learned from and which judge, in order of time,
and whether there are enough of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from orchestration.lib.basics.outcomes import Refused
from orchestration.lib.learned.candidates import History
from orchestration.lib.learned.rules import word_outcome

# The part of the leads, the last ones, that judges and is not learned from.
JUDGED_SHARE = 0.25
# The part of those that are learned from, the last ones, on which the choice is judged.
LATER_SHARE = 1 / 3


@dataclass(frozen=True)
class Past:
    """A history, and when the outcome came of each row (datetime64[D], NaT where it did not)."""

    history: History
    came_on: np.ndarray


@dataclass(frozen=True)
class Parts:
    """The rows of a history by what they are for, as masks: `earlier` choose, `later` judge the
    choice, both are learned from, `judged` judges the book."""

    earlier: np.ndarray
    later: np.ndarray
    judged: np.ndarray
    judged_from: date
    saw_until: date

    @property
    def learned(self) -> np.ndarray:
        """The rows that are learned from."""
        return self.earlier | self.later


def part_history(
    past: Past, *, horizon: int, judged_from: date | None, with_unfinished: bool
) -> tuple[History, Parts]:
    """The history, and which of its rows are for what: those from `judged_from` on (None: the last
    JUDGED_SHARE) judge; learned from are those before whose horizon had ended by then, or, with
    `with_unfinished`, all of them, by what had come. Raises Refused where there is no row."""
    days = past.history.days
    if not len(days):
        raise Refused(
            "There is nothing to learn from: no lead was at risk on a day whose horizon of "
            f"{horizon} days has ended."
        )
    last_part = np.quantile(days.astype("int64"), 1 - JUDGED_SHARE, method="higher")
    begins = np.datetime64(judged_from or int(last_part), "D")
    judged = days >= begins
    if with_unfinished:
        learned = ~judged
        saw_until = begins - 1
    else:
        learned = days + horizon < begins
        saw_until = days[learned].max() + horizon if learned.any() else begins - 1
    came_by_then = past.history.came & (judged | (past.came_on < begins))
    later = learned & split_later(past.history, learned)
    return (
        replace(past.history, came_by_then=came_by_then),
        Parts(learned & ~later, later, judged, begins.item(), saw_until.item()),
    )


def split_later(history: History, learned: np.ndarray) -> np.ndarray:
    """The rows on which a choice is judged: the last third of those learned from, of a single day a
    third of the leads."""
    days = history.days[learned]
    if len(np.unique(days)) < 2:
        return history.leads % 3 == 0
    from_day = np.quantile(days.astype("int64"), 1 - LATER_SHARE, method="higher")
    from_day = max(from_day, np.unique(days)[1].astype("int64"))
    return history.days.astype("int64") >= from_day


def demand_enough(
    history: History, parts: Parts, *, outcome: Mapping[str, str], least: dict[str, int]
) -> None:
    """Refused, with the numbers, where too few leads had the outcome, or too few had not."""
    words = word_outcome(outcome)
    needed = {"learned from": least["learning_outcomes"], "judged by": least["rule_leads"]}
    for (what, least_of_part), rows in zip(
        needed.items(), (parts.learned, parts.judged), strict=True
    ):
        with_outcome = len(np.unique(history.leads[rows & history.came_by_then]))
        without = len(np.unique(history.leads[rows & ~history.came_by_then]))
        if min(with_outcome, without) < least_of_part:
            raise Refused(
                f"There is too little to learn from: of the leads that are {what}, "
                f"{with_outcome:,} {words} and {without:,} did not, but {least_of_part} of each "
                f"are needed (model_minimums.csv); what came from {parts.judged_from} on judges."
            )
    for rows in (parts.earlier, parts.later):
        if len(np.unique(history.came_by_then[rows])) < 2:
            raise Refused(
                "There is too little to learn from: in one part of the time that is learned from "
                f"either every lead or none {words}; begin earlier (--since), or judge later "
                "(--judged-from)."
            )
