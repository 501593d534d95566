"""What belongs here: the words of one lead's story, part by part."""

import textwrap
from datetime import date
from typing import Any

from orchestration.lib.basics.progress import find_width
from orchestration.lib.basics.rows import Row

CHANGES = 12


def describe_story(story: Row, *, since: date | None) -> list[str]:
    """One lead by one model in lines; `since` is the day that was asked for to compare with."""
    return [
        *describe_score(story["score"]),
        *describe_age(story["intraday"], story["progress"]),
        *describe_ledger(story["ledger"]),
        *describe_chance(story["confidence"], story["promise"]),
        *describe_changes(story["changes"], since=since),
        *describe_outlook(story["outlook"]),
        *describe_unknowns(story["unknowns"]),
        *describe_gains(story["gains"], story["score"], story["tiers"]),
        *describe_history(story["history"]),
        *describe_hand_overs(story["hand_overs"]),
    ]


def describe_score(lead: Row) -> list[str]:
    """Who it is, the score, the tier and what to do."""
    lines = [
        f"Lead {lead['lead_id']} as of {lead['as_of_date']}, by {lead['model_id']}"
        f" {lead['model_version']}",
        f"  score {lead['score']:.2f}, grade {lead['grade'] or 'unknown'},"
        f" {lead['temperature'] or 'unknown'}; tier {lead['tier'] or 'none'} since"
        f" {lead['tier_since']}"
        + (f", before that {lead['previous_tier']}" if lead["previous_tier"] else ""),
    ]
    if lead["tier_reason"]:
        lines += wrap(
            f"by its score alone it would be in {lead['tier_by_score']}: {lead['tier_reason']}"
        )
    if lead["is_excluded"]:
        lines += wrap(f"excluded: {lead['exclusion_reason']}; nobody is to act")
    elif lead["action"]:
        hours = f" within {lead['sla_hours']} hours" if lead["sla_hours"] is not None else ""
        lines += wrap(f"to do: {lead['action']}{hours}")
    if lead["stale_feeds"]:
        lines += wrap(f"not fading, because a feed is stale: {lead['stale_feeds']}")
    lines += wrap(f"for: {lead['reasons_for'] or 'nothing'}")
    lines += wrap(f"against: {lead['reasons_against'] or 'nothing'}")
    return lines


def describe_age(intraday: list[Row], progress: list[str]) -> list[str]:
    """How old the answer is, where the day is in progress.

    >>> from datetime import datetime
    >>> describe_age([{"loaded_at": datetime(2026, 6, 30, 10), "scored_at":
    ...     datetime(2026, 6, 30, 10, 0, 9)}], [])
    ['  scored at 10:00:09 UTC, from what had loaded at 10:00:00']
    >>> describe_age([], [])
    []
    """
    own = [
        f"scored at {row['scored_at']:%H:%M:%S} UTC, from what had loaded at"
        f" {row['loaded_at']:%H:%M:%S}"
        for row in intraday
    ]
    return [line for sentence in [*own, *progress] for line in wrap(sentence)]


def describe_ledger(ledger: list[Row]) -> list[str]:
    """The ledger, row by row, and its sum."""
    lines = ["", "  What the score is made of"]
    for row in ledger:
        words = f"{row['reason']} ({row['evidence']})" if row["evidence"] else row["reason"]
        lines += table_line(row["points"], words)
    total = sum((row["points"] for row in ledger), start=0)
    return [*lines, *table_line(total, "the sum of these rows is the score")]


def describe_chance(confidence: list[Row], promise: list[Row]) -> list[str]:
    """How likely it has its outcome, and how often leads of its tier do.

    >>> chance = {"source": "calibrated", "probability": 0.126, "low": 0.09, "high": 0.16}
    >>> tier = {"horizon_days": 90, "rate": None, "name": "sales"}
    >>> print("\\n".join(describe_chance([chance], [tier])[1:]))
      How likely its outcome is within 90 days
        12.6 % (9 % to 16 %), by past leads like it
    """
    said = [
        f"{write_share(row['probability'])} "
        + (
            "as a seller says"
            if row["source"] == "crm"
            else f"({write_share(row['low'])} to {write_share(row['high'])}), by past leads like it"
        )
        for row in confidence
        if row["probability"] is not None
    ]
    if not said or not promise:
        return []
    tier = promise[0]
    if tier["rate"] is not None:
        said.append(
            f"leads of the tier {tier['name']}: {write_share(tier['rate'])}"
            f" ({write_share(tier['low'])} to {write_share(tier['high'])})"
        )
    words = wrap("; ".join(said), indent=4)
    return ["", f"  How likely its outcome is within {tier['horizon_days']} days", *words]


def write_share(share: float) -> str:
    """A share of 1 as people read it.

    >>> write_share(0.126), write_share(0.09)
    ('12.6 %', '9 %')
    """
    return f"{round(100 * float(share), 1):g} %"


def describe_changes(changes: list[Row], *, since: date | None) -> list[str]:
    """What changed, rule by rule, largest first."""
    if not changes:
        day = (
            f"since {since}" if since else "since the day before (none is published, or no change)"
        )
        return ["", f"  Nothing changed {day}"]
    total = sum(row["change"] for row in changes)
    lines = ["", f"  What changed since {changes[0]['since']}: {total:+.2f}"]
    for row in changes[:CHANGES]:
        kind = "" if row["kind"] == "cap" else f" ({row['kind']})"
        lines += table_line(row["change"], f"{row['reason']}{kind}")
    if len(changes) > CHANGES:
        rest = sum(row["change"] for row in changes[CHANGES:])
        lines += table_line(rest, f"{len(changes) - CHANGES} smaller changes")
    return lines


def describe_outlook(outlook: list[Row]) -> list[str]:
    """When it drops out of its tier, if nothing happens."""
    if not outlook:
        return []
    row = outlook[0]
    if not row["drops_out_on"]:
        words = f"it stays in {row['tier']} for as long as is foretold"
    else:
        words = (
            f"on {row['drops_out_on']} it drops out of {row['tier']}, with {row['score_then']:.2f}"
            f" of {row['leave_below']:.2f}. {row['because_of']}"
        )
    return ["", "  If nothing happens", *wrap(words, indent=4)]


def describe_unknowns(unknowns: list[Row]) -> list[str]:
    """What is not known, and how far the score could lie from what it is."""
    if not unknowns or not unknowns[0]["unknown_fields"]:
        return []
    row = unknowns[0]
    fields = row["unknown_fields"].replace("|", ", ")
    words = (
        f"{fields}. Knowing it, the score lies between {row['lowest_score']:.2f} and"
        f" {row['highest_score']:.2f}."
    )
    if row["deciding_field"]:
        chance = row["deciding_probability"]
        # Without a chance none of the missing fields has one, and this is the one that moves most.
        words += (
            f" Could change the tier: {row['deciding_field']}; how likely that is cannot be said,"
            " because too few leads know it."
            if chance is None
            else f" Most likely to change the tier: {row['deciding_field']} ({chance:.0%})."
        )
    return ["", "  What is not known", *wrap(words, indent=4)]


def describe_gains(gains: list[Row], lead: Row, steps: list[Row]) -> list[str]:
    """How far the next tier is, and which rules could still give points."""
    above = [step for step in reversed(steps) if step["enter_at"] > lead["score"]]
    lines = ["", "  What would move it"]
    if above:
        missing = above[0]["enter_at"] - float(lead["score"])
        lines += wrap(
            f"{missing:.2f} points to {above[0]['tier']} (from {above[0]['enter_at']:g})", indent=4
        )
    for row in gains:
        about = row["dimension"]
        if row["attribute"] and row["points"] != row["rule_points"]:
            name = row["attribute"].replace("_", " ")
            about += f"; {float(row['rule_points']):+g}, with all that another {name} would change"
        lines += table_line(row["points"], f"{row['reason']} ({about})")
    return lines


def describe_history(history: list[Row]) -> list[str]:
    """The tiers it was in, the latest first."""
    lines = ["", "  Its tiers"]
    seen: set[tuple[str | None, date]] = set()
    for row in history:
        if (row["tier"], row["tier_since"]) not in seen:
            seen.add((row["tier"], row["tier_since"]))
            lines.append(f"    {row['tier_since']}  {row['tier'] or 'none'}")
    return lines


def describe_hand_overs(hand_overs: list[Row]) -> list[str]:
    """When it was handed over, and when it came back."""
    lines = ["", "  Its hand-overs"] if hand_overs else []
    for row in hand_overs:
        end = (
            f", back on {row['recycled_on']}: {row['recycle_reason']}" if row["recycled_on"] else ""
        )
        # Older publications do not have the column.
        drawn = ", drawn at random" if row.get("draw_probability") is not None else ""
        lines.append(
            f"    {row['due_on']}  {row['tier']}{drawn}, {row['action']}{describe_wait(row)}{end}"
        )
    return lines


def describe_wait(row: Row) -> str:
    """How long it took from load to hand-over, where an intraday run handed it over.

    >>> from datetime import datetime
    >>> describe_wait({"loaded_at": datetime(2026, 6, 30, 10), "released_at":
    ...     datetime(2026, 6, 30, 10, 0, 12)})
    ', handed over 12 s after it had loaded'
    >>> describe_wait({"released_at": None})
    ''
    """
    loaded_at, released_at = row.get("loaded_at"), row["released_at"]
    if not loaded_at:
        return ""
    if not released_at:
        return f", loaded at {loaded_at:%H:%M:%S} UTC"
    seconds = (released_at - loaded_at).total_seconds()
    return f", handed over {seconds:,.0f} s after it had loaded"


def table_line(points: Any, words: str) -> list[str]:
    """Signed points and words, the words wrapped under each other."""
    return textwrap.wrap(
        words, find_width(), initial_indent=f"    {points:>+9.4f}  ", subsequent_indent=" " * 15
    )


def wrap(text: str, *, indent: int = 2) -> list[str]:
    """`text` as indented lines."""
    margin = " " * indent
    return textwrap.wrap(text, find_width(), initial_indent=margin, subsequent_indent=margin)
