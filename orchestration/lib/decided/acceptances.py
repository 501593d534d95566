"""What belongs here: what a check of health or the gate has refused, and what a person has accepted
of it.

Both lie in a file beside the warehouse, so that neither a new warehouse nor a run under way is in
the way of whoever accepts. An acceptance counts for the next run that publishes, once: it is used
up when a publication is newer than it.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.lib.basics.locks import hold_lock

# How far beyond the value that was accepted another one may lie, as a share of it: feeds move a
# little from run to run. What gets worse than that is another change.
LEEWAY = 0.1


@dataclass(frozen=True)
class Refusal:
    """What a run has refused: `what` names it, as in `web.events.rows`; `verdict` is block or hold;
    `is_low` says on which side of the usual range the value lies."""

    what: str
    verdict: str
    value: float
    is_low: bool
    sentence: str


@dataclass(frozen=True)
class Acceptance:
    """That `by` has accepted the refusal `what`, and why; `at` is UTC, in ISO format."""

    what: str
    value: float
    is_low: bool
    by: str
    because: str
    at: str

    def covers(self, value: float, *, is_low: bool) -> bool:
        """Whether it was about such a value: on the same side, and not much further out.

        >>> fell = Acceptance("web.events.rows", 480, True, "Ada", "moved", "2026-06-30T08:00:00")
        >>> [fell.covers(value, is_low=True) for value in (500, 450, 100)]
        [True, True, False]
        """
        leeway = LEEWAY * abs(self.value)
        far = value >= self.value - leeway if self.is_low else value <= self.value + leeway
        return is_low == self.is_low and far


@dataclass(frozen=True)
class Passage:
    """What the gate has found of one condition for the rule book `rules_sha256`: the value, whether
    it is refused (verdict block, or accepted where a person has), by whom accepted and why."""

    rules_sha256: str
    what: str
    value: float
    is_low: bool
    verdict: str
    accepted_by: str | None
    accepted_because: str | None
    at: str


def find_file(warehouse: Path) -> Path:
    """Where refusals and acceptances of the warehouse lie.

    >>> find_file(Path("warehouse/leads.duckdb")).as_posix()
    'warehouse/leads.health.json'
    """
    return warehouse.with_suffix(".health.json")


def read_file(warehouse: Path) -> dict[str, list[dict[str, Any]]]:
    """`refused`, `accepted` and `passages`, as they were written."""
    file = find_file(warehouse)
    empty: dict[str, list[dict[str, Any]]] = {"refused": [], "accepted": [], "passages": []}
    try:
        return {**empty, **json.loads(file.read_text())} if file.is_file() else empty
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{file}, which holds what was refused and accepted, cannot be read: {error}. Move it "
            "away: what was accepted has to be accepted again."
        ) from error


def change_file(warehouse: Path, **values: Iterable[Refusal | Acceptance | Passage]) -> None:
    """Put `values` (refused, accepted, passages) in the place of what was there; the others
    stay."""
    file = find_file(warehouse)
    with hold_lock(file.with_name(f".{file.name}.lock"), wait_seconds=20):
        content = read_file(warehouse)
        content.update({name: [asdict(row) for row in rows] for name, rows in values.items()})
        fresh = file.with_name(f".{file.name}.{os.getpid()}")
        # For their owner alone: they name people.
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            opened.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        fresh.replace(file)


def list_refusals(warehouse: Path) -> list[Refusal]:
    """What the last run has refused."""
    return [Refusal(**row) for row in read_file(warehouse)["refused"]]


def note_refusals(warehouse: Path, refusals: Iterable[Refusal]) -> None:
    """Write down what a run has refused, in place of what was refused before."""
    refusals = list(refusals)
    if refusals or find_file(warehouse).is_file():
        change_file(warehouse, refused=refusals)


def add_refusals(warehouse: Path, refusals: Iterable[Refusal]) -> None:
    """Write down what has been refused, beside what was refused before."""
    change_file(warehouse, refused=merge_refusals(warehouse, refusals))


def merge_refusals(warehouse: Path, refusals: Iterable[Refusal]) -> list[Refusal]:
    """What has been refused and what was refused before, of each the last."""
    return list(
        {refusal.what: refusal for refusal in [*list_refusals(warehouse), *refusals]}.values()
    )


def note_passages(
    warehouse: Path, passages: Iterable[Passage], refusals: Iterable[Refusal]
) -> None:
    """Write down what the gate has found, in place of what it found before; what it refuses can be
    accepted beside what the last run has refused."""
    change_file(warehouse, passages=passages, refused=merge_refusals(warehouse, refusals))


def list_passages(
    warehouse: Path, rules_sha256: str, *, since: datetime | None
) -> list[dict[str, Any]]:
    """What the gate has found of a rule book, as a manifest tells it: what, value, verdict, by,
    because, at; none where it was not asked about this one. Acceptances count after `since`."""
    accepted = list_acceptances(warehouse, since=since)
    found = []
    for row in read_file(warehouse)["passages"]:
        passage = Passage(**row)
        if passage.rules_sha256 != rules_sha256:
            continue
        verdict, by, because = passage.verdict, passage.accepted_by, passage.accepted_because
        later = accepted.get(passage.what)
        if verdict == "block" and later and later.covers(passage.value, is_low=passage.is_low):
            verdict, by, because = "accepted", later.by, later.because
        found.append({
            "what": passage.what,
            "value": passage.value,
            "verdict": verdict,
            "by": by,
            "because": because,
            "at": passage.at,
        })  # fmt: skip
    return found


def list_acceptances(warehouse: Path, *, since: datetime | None) -> dict[str, Acceptance]:
    """What was accepted after `since`, the time of the newest publication (None: there is none),
    by what it accepts; of several the latest."""
    accepted = [Acceptance(**row) for row in read_file(warehouse)["accepted"]]
    return {
        row.what: row for row in accepted if since is None or datetime.fromisoformat(row.at) > since
    }


def accept(
    warehouse: Path, *, what: str, by: str, because: str, at: datetime
) -> list[tuple[Refusal, Acceptance]]:
    """Accept what the last run has refused: `what` names one refusal, or several with commas
    between. Returns them. Raises ValueError where `by` or `because` is blank, or one of them was
    not refused."""
    names = [name.strip() for name in what.split(",") if name.strip()]
    refusals = {refusal.what: refusal for refusal in list_refusals(warehouse)}
    known = "".join(f"\n  {name}" for name in refusals)
    can_be = f"What can be accepted:{known}" if known else "The last run has refused nothing."
    if not names:
        raise ValueError(f"Say what to accept: leads accept <name> … {can_be}")
    unknown = [name for name in names if name not in refusals]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not what the last run has refused. {can_be}")
    if not by.strip() or not because.strip():
        raise ValueError(
            "Say who accepts it and why, for those who read the publication's manifest later: "
            f'leads accept {what.strip()} --by <your name> --because "<why>".'
        )
    accepted = [
        Acceptance(
            what=name,
            value=refusals[name].value,
            is_low=refusals[name].is_low,
            by=by.strip(),
            because=because.strip(),
            at=at.astimezone(UTC).isoformat(),
        )
        for name in names
    ]
    by_what = list_acceptances(warehouse, since=None) | {row.what: row for row in accepted}
    change_file(warehouse, accepted=by_what.values())
    return [(refusals[row.what], row) for row in accepted]
