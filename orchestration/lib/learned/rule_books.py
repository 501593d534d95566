"""What belongs here: a learned book as the CSV files of a rule book; and the trial book that asks
the engine what every activity in every shape is worth."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from orchestration.lib.basics.rule_book_files import find_delimiter, list_rule_book_files
from orchestration.lib.learned.learning import Book
from orchestration.lib.learned.rules import Rule, find_range, name_rules, word_outcome, write_reason

Cells = dict[str, str]

OWNER = "learned"
FIRST_DAY = "1900-01-01"
# Wider than any sum of points.
WIDE = 1_000_000

ATTRIBUTE_RULES = (
    "model_id,rule_id,attribute,operator,value,points,reason,owner,valid_from,valid_to"
)
HEADERS = {
    "models": "model_id,title,goal,role,product,version,min_score,max_score,excludes_customers",
    "dimensions": "model_id,dimension,axis,min_points,max_points",
    "rules_demographic": ATTRIBUTE_RULES,
    "rules_firmographic": ATTRIBUTE_RULES,
    "rules_readiness": ATTRIBUTE_RULES,
    "rules_data_quality": ATTRIBUTE_RULES,
    "rules_behavioral": "model_id,rule_id,activity,points,decay,half_life_days,floor_weight,"
    "max_age_days,max_per_day,max_points,reason,owner,valid_from,valid_to",
    "rules_sequence": "model_id,rule_id,activities,within_days,points,decay,half_life_days,reason,"
    "owner,valid_from,valid_to",
    "tiers": "model_id,tier,enter_at,leave_below,min_days_in_tier,action,sla_hours,stage,"
    "hands_over",
    "grades": "model_id,axis,grade,from_score",
    "outcomes": "model_id,outcome,value,horizon_days,ends_with,cool_down_days,description",
}
# What the book takes as it is from the rule book that was there; its tiers name stages of it.
COPIED = ("activities", "custom_attributes", "exclusions", "activity_attributes", "stages")
# What it takes of its model, under the new name.
RENAMED = ("key_fields", "suppressions")

# Where the rules on an attribute belong that no rule speaks of yet.
DIMENSIONS = {
    "demographic": "job_title job_level job_function",
    "firmographic": "company_name company_domain company_source industry employee_count "
    "annual_revenue country region city ip_organization account_id account_name account_domain "
    "account_industry account_employee_count account_annual_revenue account_country",
    "data_quality": "email first_name last_name phone email_domain email_kind name_quality "
    "phone_quality email_matches_company do_not_contact",
}

# Tiers and grades begin where so many times as many have the outcome as of all.
TIERS = (
    ("call_first", 4.0, "call at once", "24", "true", "A"),
    ("call", 2.0, "call this week", "72", "true", "B"),
    ("nurture", 1.0, "automated nurture campaign", "", "false", "C"),
)
LAST_TIER = ("wait", "none", "D")


def find_thresholds(book: Book, *, rate: float, lowest: int, highest: int) -> list[tuple[int, int]]:
    """Of each of TIERS that can be reached its place, and the first whole score at which the chance
    of the outcome passes that many times `rate`; strictly falling."""
    found: list[tuple[int, int]] = []
    for place, (_, times, *_rest) in enumerate(TIERS):
        chance = min(times * rate, 0.99)
        odds = np.log(chance / (1 - chance))
        score = int(np.ceil(round((odds - book.level) / book.slope, 9)))
        if lowest < score <= highest and (not found or score < found[-1][1]):
            found.append((place, score))
    return found


def find_stages(ladder: Sequence[Cells]) -> dict[str, str]:
    """The stage that each learned tier stands for: those that hand over have that of the best and
    of the last tier of `ladder`, the model's tiers written by hand, that does; the others those of
    the best and the last that does not. Where all hand over, or none, the ladder is walked down in
    even steps.

    >>> find_stages([
    ...     {"enter_at": "60", "stage": "purchase", "hands_over": "true"},
    ...     {"enter_at": "30", "stage": "interest"}, {"enter_at": "0", "stage": "unaware"},
    ... ])
    {'call_first': 'purchase', 'call': 'purchase', 'nurture': 'interest', 'wait': 'unaware'}
    """
    best_first = sorted(ladder, key=lambda row: float(row["enter_at"]), reverse=True)
    due = [row for row in best_first if row.get("hands_over") == "true"]
    others = [row for row in best_first if row not in due]
    steps = len(TIERS)
    if due and others:
        chosen = [due[0], due[-1], others[0], others[-1]]
    else:
        last = len(best_first) - 1
        chosen = [best_first[round(step * last / steps)] for step in range(steps + 1)]
    names = [*(tier for tier, *_ in TIERS), LAST_TIER[0]]
    return {name: row.get("stage", "") for name, row in zip(names, chosen, strict=True)}


def read_rule_book(rules: Path, *, project: Path) -> dict[str, list[Cells]]:
    """The rows of every file of a rule book, by its name, those that stand in included; cells are
    text, columns by their names in lower case."""
    book = {}
    for path in list_rule_book_files(rules, project=project):
        content = path.read_bytes()
        reader = csv.DictReader(
            io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=find_delimiter(content)
        )
        book[path.stem] = [
            {(name or "").strip().lower(): (cell or "").strip() for name, cell in row.items()}
            for row in reader
            if any((cell or "").strip() for cell in row.values())
        ]
    return book


def write_trial_book(
    rules: Path,
    out: Path,
    *,
    project: Path,
    model: Cells,
    outcome: Cells,
    trial: str,
    attributes: Iterable[str],
    half_lives: Iterable[int | None],
) -> None:
    """Write to `out` the rule book `rules` with one model more, `trial`, which foretells the
    `outcome` that `model` does: its key fields name all `attributes`, so that they are read, and a
    rule per activity and half-life gives a point each time. Scores of the other models stay as they
    are."""
    book = read_rule_book(rules, project=project)
    added: dict[str, list[Cells]] = {
        "models": [{**model, "model_id": trial, "role": "challenger", "max_score": str(WIDE)}],
        "dimensions": [
            {"model_id": trial, "dimension": "behavioral", "axis": "engagement",
             "min_points": str(-WIDE), "max_points": str(WIDE)}
        ],
        "outcomes": [{**outcome, "model_id": trial}],
        "tiers": [{"model_id": trial, "tier": "all", "enter_at": str(-WIDE)}],
        "key_fields": [{"model_id": trial, "attribute": name} for name in sorted(attributes)],
        "rules_behavioral": [
            {
                "model_id": trial,
                "rule_id": name_trial_rule(activity, half_life),
                "activity": activity,
                "points": "1",
                **write_fading(half_life),
                "reason": "What each time still counts",
                "owner": OWNER,
                "valid_from": FIRST_DAY,
            }
            for activity in sorted({row["activity"] for row in book["activities"]})
            for half_life in half_lives
        ],
    }  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    for path in out.glob("*.csv"):
        path.unlink()
    for path in sorted(rules.glob("*.csv")):
        name = path.stem
        content = path.read_bytes()
        if name not in added:
            (out / path.name).write_bytes(content)
            continue
        columns = list(book[name][0]) if book[name] else HEADERS.get(name, "").split(",")
        columns += [column for row in added[name] for column in row if column not in columns]
        write_rows(out / path.name, list(dict.fromkeys(columns)), [*book[name], *added[name]])


def name_trial_rule(activity: str, half_life: int | None) -> str:
    """The rule of the trial book on an activity in one half-life.

    >>> name_trial_rule("demo_request", None), name_trial_rule("demo_request", 30)
    ('demo_request|ever', 'demo_request|30')
    """
    return f"{activity}|{half_life or 'ever'}"


def write_fading(half_life: int | None) -> Cells:
    """The cells of a rule that say how an activity fades."""
    if half_life is None:
        return {"decay": "none"}
    return {"decay": "exponential", "half_life_days": str(half_life)}


def write_book(
    out: Path,
    rules: Sequence[Rule],
    book: Book,
    *,
    old: Mapping[str, list[Cells]],
    model: Cells,
    model_id: str,
    outcome: Cells,
    rate: float,
    valid_from: date,
    days: str,
) -> None:
    """Write a learned book as the CSV files of a rule book to the folder `out`, which is there.

    `old` is the rule book that was there and `model` its row of the model; `outcome` the row that
    says what counts, `rate` how often it came, `days` of which days the leads were.
    """
    lowest, highest = find_range(rules)
    words = word_outcome(outcome)
    files: dict[str, list[Cells]] = {name: [] for name in HEADERS}
    by_dimension: dict[str, list[Rule]] = {}
    for rule, name in zip(rules, name_rules(rules), strict=True):
        dimension = find_dimension(rule, old)
        by_dimension.setdefault(dimension, []).append(rule)
        files[f"rules_{dimension}"].append(
            {
                "model_id": model_id,
                "rule_id": name,
                **write_condition(rule),
                "points": str(rule.points),
                "reason": write_reason(rule, words),
                "owner": OWNER,
                "valid_from": valid_from.isoformat(),
            }
        )
    for dimension, some in sorted(by_dimension.items()):
        low, high = find_range(some)
        files["dimensions"].append(
            {"model_id": model_id, "dimension": dimension, "min_points": str(low),
             "max_points": str(high),
             "axis": "engagement" if dimension == "behavioral" else "fit"}
        )  # fmt: skip
    files["models"].append(
        {
            **model,
            "model_id": model_id,
            "title": f"{model['title']}: learned from history",
            "role": "challenger",
            "version": f"learned {valid_from.isoformat()}",
            "min_score": str(lowest),
            "max_score": str(highest),
        }
    )
    files["outcomes"].append(
        {**outcome, "model_id": model_id,
         "description": f"{outcome['description']} (the rules were learned from {days})"}
    )  # fmt: skip
    stages = find_stages([row for row in old["tiers"] if row["model_id"] == model["model_id"]])
    tiers = [(TIERS[place], score) for place, score in
             find_thresholds(book, rate=rate, lowest=lowest, highest=highest)]  # fmt: skip
    for (tier, _times, action, hours, hands_over, grade), score in tiers:
        files["tiers"].append(
            {"model_id": model_id, "tier": tier, "enter_at": str(score),
             "leave_below": str(score - 1), "min_days_in_tier": "0", "action": action,
             "sla_hours": hours, "stage": stages[tier], "hands_over": hands_over}
        )  # fmt: skip
        files["grades"].append(write_grade(model_id, grade, score))
    tier, action, grade = LAST_TIER
    files["tiers"].append(
        {"model_id": model_id, "tier": tier, "enter_at": str(lowest), "leave_below": str(lowest),
         "min_days_in_tier": "0", "action": action, "stage": stages[tier], "hands_over": "false"}
    )  # fmt: skip
    files["grades"].append(write_grade(model_id, grade, lowest))
    for name, rows in files.items():
        write_rows(out / f"{name}.csv", HEADERS[name].split(","), rows)
    for name in (*COPIED, *RENAMED):
        rows = [
            {**row, "model_id": model_id} if name in RENAMED else row
            for row in old.get(name, [])
            if name in COPIED or row["model_id"] == model["model_id"]
        ]
        if rows:
            columns = list(dict.fromkeys(column for row in rows for column in row if column))
            write_rows(out / f"{name}.csv", columns, rows)
        elif name in EMPTY:
            write_rows(out / f"{name}.csv", EMPTY[name].split(","), [])


# The headers of the files that a rule book must have, whether or not the old one has rows in them.
EMPTY = {
    "activities": "activity,channel,event_type,attribute,operator,value",
    "custom_attributes": "attribute,description",
    "exclusions": "kind,value,reason,valid_from,valid_to",
    "key_fields": "model_id,attribute",
}


def write_condition(rule: Rule) -> Cells:
    """The cells of a rule that say what it asks."""
    if rule.kind == "activity":
        most = abs(rule.points) * rule.shape.most
        return {
            "activity": rule.subject,
            **write_fading(rule.shape.half_life_days),
            "max_points": str(most),
        }
    asked = {"missing": "missing", "value": "equals", "reached": "between"}
    return {"attribute": rule.subject, "operator": asked[rule.kind], "value": rule.value}


def write_grade(model_id: str, grade: str, score: int) -> Cells:
    """A row of grades.csv."""
    return {"model_id": model_id, "axis": "score", "grade": grade, "from_score": str(score)}


def find_dimension(rule: Rule, old: Mapping[str, list[Cells]]) -> str:
    """The dimension that a rule belongs to: where the old rule book has rules on the same
    attribute, else where its kind of attribute is at home."""
    if rule.kind == "activity":
        return "behavioral"
    names = ("demographic", "firmographic", "readiness", "data_quality")
    counts = {
        name: sum(row.get("attribute") == rule.subject for row in old.get(f"rules_{name}", []))
        for name in names
    }
    if any(counts.values()):
        return max(names, key=lambda name: counts[name])
    return next(
        (name for name, known in DIMENSIONS.items() if rule.subject in known.split()), "readiness"
    )


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Cells]) -> None:
    """Write a CSV file of these columns; a cell that a row lacks is empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(
            file, columns, restval="", extrasaction="ignore", lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(rows)
