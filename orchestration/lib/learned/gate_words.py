"""What belongs here: what the gate has found, in words: lines for a terminal, Markdown for a pull
request, a document for programs."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from orchestration.lib.asked.moves import name_tier
from orchestration.lib.basics.outcomes import Answer
from orchestration.lib.basics.progress import count_things
from orchestration.lib.basics.rows import Row
from orchestration.lib.basics.settings import write_days
from orchestration.lib.checked.health import MEASURES, Judged, write_value
from orchestration.lib.learned.gate import Gate
from orchestration.lib.learned.gate_moves import Model
from orchestration.lib.learned.metrics import Measured
from orchestration.lib.learned.paired import Paired

RULE_ROWS = 8
VERDICTS = {"ok": "met", "block": "not met", "accepted": "accepted"}


def answer_gate(gate: Gate) -> Answer:
    """The moves as a preview tells them, then what past days say, then the verdict."""
    lines = [*gate.moves, ""]
    for model in gate.models:
        lines += [name_model(model), *[f"  {line}" for line in describe_model(model)], ""]
    lines += [*describe_verdict(gate), "", f"Every lead that moves: {gate.moves_file}"]
    return Answer(lines, make_document(gate))


def name_model(model: Model) -> str:
    """A model, and the one whose place it takes.

    >>> name_model(Model("old", "next", [], [], [], [], None, []))
    'next in place of old'
    """
    if model.before in (None, model.after):
        return model.after
    return f"{model.after} in place of {model.before}"


def describe_model(model: Model) -> list[str]:
    """Hand-overs and past days of a model, a sentence each."""
    lines = [describe_hand_overs(model)] if model.before else ["is new: nothing to compare with"]
    if model.past is None:
        return lines
    return [*lines, *describe_past(model.past)]


def describe_hand_overs(model: Model) -> str:
    """How many leads may be handed over, before and after."""
    before, after = model.count("was_handed_over"), model.count("is_handed_over")
    new = sum(
        row["leads"] for row in model.matrix if row["is_handed_over"] and not row["was_handed_over"]
    )
    return f"in tiers that hand over: {before:,} → {after:,} leads, {new:,} of them newly"


def describe_past(past: Paired) -> list[str]:
    """What past days say, a sentence each."""
    size = (
        f"past days: {count_things(past.leads, 'lead')} at risk (a lead on each day), of which "
        f"{past.outcomes:,} with their outcome"
    )
    if past.difference is None:
        return [f"{size}: too little to compare"]
    lost = f"{past.lost:,} would no longer be" if past.lost else "all still would be"
    return [
        size,
        f"AUC {past.auc_before:.3f} → {past.auc_after:.3f}, difference "
        f"{write_interval(past.difference, '+.3f')}",
        f"conversion of tiers that hand over: {write_share(past.handed_over_before)} → "
        f"{write_share(past.handed_over_after)}",
        f"{count_things(past.won, 'lead')} with an outcome or a won deal had been handed over: "
        f"{lost}; {past.found:,} others would be",
    ]


def write_interval(measured: Measured, form: str) -> str:
    """A value with its interval.

    >>> write_interval(Measured(-0.04, -0.0712, 0.011, 100, 40), "+.3f")
    '-0.040 (-0.071 to +0.011)'
    """
    return f"{measured.value:{form}} ({measured.low:{form}} to {measured.high:{form}})"


def write_share(measured: Measured | None) -> str:
    """A conversion with its interval and counts.

    >>> write_share(Measured(0.5, 0.2366, 0.7634, 10, 5)), write_share(None)
    ('50.0 % (23.7 to 76.3; 5 of 10)', 'nobody in them')
    """
    if measured is None:
        return "nobody in them"
    value, low, high = (100 * part for part in (measured.value, measured.low, measured.high))
    counts = f"{measured.outcomes:,} of {measured.leads:,}"
    return f"{value:.1f} % ({low:.1f} to {high:.1f}; {counts})"


def describe_verdict(gate: Gate) -> list[str]:
    """Whether the rule book may be published, and what is in the way."""
    lines = [headline(gate)]
    for judged in gate.judged:
        if judged.verdict == "block":
            lines.append(f"  REFUSED: {judged.sentence}")
        elif judged.verdict == "accepted":
            sentence = judged.sentence.partition(" If it is ")[0]
            who = f"{judged.accepted_by} ({judged.accepted_because})"
            lines.append(f"  ACCEPTED by {who}: {sentence}")
    return lines


def headline(gate: Gate) -> str:
    """The verdict in a sentence."""
    conditions = count_things(len(gate.judged), "condition")
    unchanged = " It is the published one." if gate.is_unchanged else ""
    if gate.is_refused:
        failed = sum(judged.verdict == "block" for judged in gate.judged)
        return f"The gate refuses {gate.rules}: {failed} of {conditions} not met.{unchanged}"
    if any(judged.verdict == "accepted" for judged in gate.judged):
        return f"The gate lets {gate.rules} pass, because a person has accepted it.{unchanged}"
    return f"The gate lets {gate.rules} pass: {conditions} met.{unchanged}"


def describe_basis(gate: Gate) -> str:
    """What was compared, on which days."""
    basis = (
        f"Compared with publication {gate.publication_id} as of {gate.as_of}; past days: "
        f"{write_days(gate.days).replace(',', ', ')}."
    )
    if gate.day > gate.as_of:
        basis += f" The rule book counts as it stands on {gate.day}, when its last row begins."
    return basis


def make_document(gate: Gate) -> Row:
    """All of it for programs."""
    return {
        "verdict": "refused" if gate.is_refused else "passed",
        "rules": gate.rules,
        "publication_id": gate.publication_id,
        "as_of_date": gate.as_of,
        "stands_on": gate.day,
        "days": list(gate.days),
        "is_unchanged": gate.is_unchanged,
        "models": [
            {
                "before": model.before,
                "after": model.after,
                "matrix": model.matrix,
                "rule_changes": model.rules,
                "movers": model.movers,
                "past": asdict(model.past) if model.past else None,
                "conditions": [
                    {
                        "what": judged.measured.what,
                        "value": judged.measured.value,
                        "low": judged.low,
                        "high": judged.high,
                        "verdict": judged.verdict,
                        "accepted_by": judged.accepted_by,
                        "accepted_because": judged.accepted_because,
                        "sentence": judged.sentence,
                    }
                    for judged in model.judged
                ],
            }
            for model in gate.models
        ],
        "moves_file": gate.moves_file,
    }


def write_markdown(gate: Gate) -> str:
    """All of it as Markdown, for a comment on a pull request or the summary of a job."""
    lines = [f"## Gate: {'refused' if gate.is_refused else 'passed'}", "", headline(gate), ""]
    lines += [describe_basis(gate), ""]
    for judged in gate.judged:
        if judged.verdict != "ok":
            lines.append(f"- **{VERDICTS[judged.verdict]}**: {escape(judged.sentence)}")
    for model in gate.models:
        lines += ["", f"### {escape(name_model(model))}", ""]
        lines += [f"- {escape(line)}" for line in describe_model(model)]
        lines += ["", *write_conditions(model.judged)]
        if model.before:
            lines += ["", "Leads by tier, before (down) and after (across):", ""]
            lines += write_matrix(model)
        if model.rules:
            lines += ["", "Rules whose points change most:", ""]
            lines += write_table(
                ("rule", "leads", "points"),
                [
                    (
                        row["rule_id"],
                        f"{row['leads_before']:,} → {row['leads_after']:,}",
                        f"{row['points_before']:,.1f} → {row['points_after']:,.1f}",
                    )
                    for row in model.rules[:RULE_ROWS]
                ],
            )
        if model.movers:
            lines += ["", "The highest scores that move, each way:", ""]
            lines += write_table(
                ("lead", "before", "after", "score", "because"),
                [
                    (
                        row["lead_id"],
                        row["tier_before"] or "–",
                        row["tier_after"] or "–",
                        f"{write_score(row['score_before'])} → {write_score(row['score_after'])}",
                        row["because"],
                    )
                    for row in model.movers
                ],
            )
    return "\n".join(lines) + "\n"


def write_score(score: float | None) -> str:
    """A score, or that there is none."""
    return "–" if score is None else f"{score:.2f}"


def write_conditions(judged: Iterable[Judged]) -> list[str]:
    """A table of the conditions of a model."""
    rows = []
    for row in judged:
        unit = MEASURES[row.measured.kind][1]
        low, high = (None if end is None else write_value(end, unit) for end in (row.low, row.high))
        limit = f"at least {low}" if low else f"at most {high}" if high else "–"
        value = write_value(row.measured.value, unit)
        rows.append((row.measured.measure, value, limit, VERDICTS[row.verdict]))
    return write_table(("condition", "value", "limit", "verdict"), rows)


def write_matrix(model: Model) -> list[str]:
    """A table of leads by their tier before and after, the highest tier first."""
    counts: dict[tuple[str, str], int] = {}
    for row in model.matrix:
        place = (
            name_tier(row["tier_before"], is_scored=row["was_scored"]),
            name_tier(row["tier_after"], is_scored=row["is_scored"]),
        )
        counts[place] = counts.get(place, 0) + row["leads"]
    names = [*model.tiers, name_tier(None, is_scored=True), name_tier(None, is_scored=False)]
    before, after = (
        [name for name in names if name in {place[side] for place in counts}] for side in (0, 1)
    )
    rows = [(name, *(f"{counts.get((name, other), 0):,}" for other in after)) for name in before]
    return write_table(("", *after), rows)


def write_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown.

    >>> write_table(("rule", "leads"), [("a|b", "3")])
    ['| rule | leads |', '| --- | --- |', '| a\\\\|b | 3 |']
    """
    lines = [tuple(header), ("---",) * len(header), *rows]
    return [f"| {' | '.join(escape(cell) for cell in line)} |" for line in lines]


def escape(text: str) -> str:
    """Text that Markdown takes for nothing else."""
    for mark in "\\|<`*_":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", " ")
