"""What belongs here: the readable end of a run. What was found, in a screenful of plain text."""

import textwrap
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.outcomes import Answer
from orchestration.lib.basics.progress import count_things, find_width
from orchestration.lib.basics.rows import Row
from orchestration.lib.basics.warehouse import attach_warehouse
from orchestration.lib.published.evidence import find_evidence
from orchestration.lib.published.facts import (
    OUTLOOK_DAYS,
    count_days_read,
    count_differences,
    count_exclusions,
    count_machines,
    count_quarantined,
    count_tiers,
    describe_progress,
    describe_unknown_stages,
    find_best_accounts,
    find_best_leads,
    find_champion_of,
    find_champions,
    find_cut_offs,
    find_findings,
    find_forecast,
    find_funnel,
    find_health,
    find_sales_facts,
    find_stability,
    find_stale_feeds,
    find_unknown_stages,
    find_unread_files,
    find_unusual,
    have_events_loaded,
)
from orchestration.lib.published.publication import read_current

BEST_LEADS = 10
BEST_LEADS_OF_OTHERS = 3
REASONS = 6
QUARANTINE_LINES = 4
UNREAD_FILES = 5
WORST_RULES = 2
UNUSUAL = 6


def summarize(published: Path) -> str:
    """The live publication of the folder `published` in words: leads per tier and the best leads
    of each champion, how its challengers differ, accounts, what sales is to have, who is excluded,
    what machines did, the rules to talk about, the funnel and the forecast, the rows that were
    set aside, and where it lies."""
    manifest = read_current(published)
    models = manifest["rule_book"]["models"]
    main, *others = find_champions(manifest)
    with duckdb.connect(str(published / "leads.duckdb"), read_only=True) as connection:
        tiers: dict[str, list[Row]] = {model_id: [] for model_id in models}
        for row in count_tiers(connection, manifest):
            tiers[row["model_id"]].append(row)
        lines = [
            *describe_tiers(tiers[main], main, manifest),
            "",
            *describe_leads(find_best_leads(connection, model_id=main, limit=BEST_LEADS)),
            *describe_accounts(find_best_accounts(connection, model_id=main)),
        ]
        for model_id in others:
            leads = find_best_leads(connection, model_id=model_id, limit=BEST_LEADS_OF_OTHERS)
            lines += ["", *describe_other(tiers[model_id], leads, model_id, manifest)]
        for model_id in models:
            if model_id not in (main, *others):
                champion = find_champion_of(model_id, manifest)
                moved = count_differences(connection, model_id, champion) if champion else 0
                lines += ["", *describe_challenger(tiers, model_id, champion, moved, manifest)]
        lines += [
            "",
            *describe_stale_feeds(find_stale_feeds(connection)),
            *describe_unusual(find_unusual(connection)),
            *describe_sales(find_sales_facts(connection, model_id=main)),
            *describe_cut_offs(find_cut_offs(connection)),
            *describe_stability(find_stability(connection, model_id=main)),
            "",
            *describe_exclusions(count_exclusions(connection, model_id=main)),
            *describe_machines(count_machines(connection)),
            "",
            *describe_health(
                find_health(connection),
                find_findings(connection, model_ids=[main, *others], limit=WORST_RULES),
                models=[main, *others],
            ),
            *describe_funnel(find_funnel(connection, model_id=main)),
            *describe_evidence(find_evidence(connection, model_id=main)),
            *describe_forecast(find_forecast(connection), find_unknown_stages(connection)),
            "",
            *describe_quarantine(count_quarantined(connection)),
        ]
    return "\n".join([*lines, "", *describe_place(published, manifest)])


def answer_summary(published: Path, warehouse: Path) -> Answer:
    """What a run that has just ended says: which days it read, which files it did not, and the
    summary of the publication."""
    with attach_warehouse(warehouse) as connection:
        days_read = count_days_read(connection)
        has_events = have_events_loaded(connection)
        unread = find_unread_files(connection)
    lines = [
        describe_reading(days_read, has_events=has_events),
        *describe_unread_files(unread),
        "",
        summarize(published),
    ]
    manifest = read_current(published)
    with duckdb.connect(str(published / "leads.duckdb"), read_only=True) as connection:
        document = {
            "publication_id": manifest["publication_id"],
            "as_of_date": manifest["as_of_date"],
            "folder": published / "versions" / manifest["publication_id"],
            "days_read": days_read,
            "unread_files": unread,
            "row_counts": manifest["row_counts"],
            "tiers": count_tiers(connection, manifest),
            "best_leads": {
                model_id: find_best_leads(connection, model_id=model_id, limit=BEST_LEADS)
                for model_id in find_champions(manifest)
            },
            "unusual": find_unusual(connection),
            "held_back": manifest.get("health", {}).get("held", []),
            "quarantined": count_quarantined(connection),
        }
    return Answer(lines, document)


def describe_reading(days: dict[str, int], *, has_events: bool = True) -> str:
    """What of the raw events the last run had to read, from `count_days_read`.

    >>> describe_reading({"new day": 1, "new rows": 3, "mails": 2})
    'Events: new rows of 4 days read, 1 day new, 3 with rows that came late; mails of 2 days anew.'
    >>> describe_reading({"mails": 0})
    'Events: nothing new has loaded; all days stay as folded.'
    >>> describe_reading({"mails": 0}, has_events=False)
    'Events: none has ever loaded, so that nothing is known of what leads did.'
    """
    new, late = days.get("new day", 0), days.get("new rows", 0)
    if days.get("new definition"):
        read = count_things(new + late + days["new definition"], "day")
        return (
            f"Events: {read} read again, because what a machine is, or which events are followed, "
            "has changed."
        )
    if not new + late and not has_events:
        return "Events: none has ever loaded, so that nothing is known of what leads did."
    if not new + late:
        return "Events: nothing new has loaded; all days stay as folded."
    parts = [f"{count_things(new, 'day')} new"] if new else []
    parts += [f"{late:,} with rows that came late"] if late else []
    mails = f"; mails of {count_things(days['mails'], 'day')} anew" if days.get("mails") else ""
    return f"Events: new rows of {count_things(new + late, 'day')} read, {', '.join(parts)}{mails}."


def describe_unread_files(warnings: list[str]) -> list[str]:
    """A line per file that lies there and is not read, of many the first ones.

    >>> describe_unread_files(["a.csv is not read: it matches no raw table."])
    ['WARNING: a.csv is not read: it matches no raw table.']
    """
    lines = [f"WARNING: {warning}" for warning in warnings[:UNREAD_FILES]]
    if len(warnings) > UNREAD_FILES:
        others = len(warnings) - UNREAD_FILES
        lines.append(f"WARNING: {others:,} more are not read (intermediate.int_raw_files)")
    return lines


def describe_tiers(rows: list[Row], model_id: str, manifest: Row) -> list[str]:
    """One line per tier of a model, the highest first, under a headline."""
    lines = [
        *describe_progress(manifest),
        f"{manifest['leads']:,} leads as of {manifest['as_of_date']}, "
        f"{name_rule_book(model_id, manifest)}",
    ]
    width = max(len(row["tier"] or "no tier") for row in rows)
    for row in rows:
        start = "" if row["enter_at"] is None else f"from {row['enter_at']:g}"
        excluded = f"  ({row['excluded']:,} excluded)" if row["excluded"] else ""
        lines.append(
            f"  {row['tier'] or 'no tier':<{width}}  {start:>9}  {row['leads']:>9,}"
            f"  {row['share']:>6.1%}{excluded}"
        )
    return lines


def describe_leads(leads: list[Row]) -> list[str]:
    """Two lines per lead: score, grade, tier and id; its reasons."""
    lines = [f"The {len(leads)} best leads"]
    for lead in leads:
        lines.append(describe_lead(lead))
        reasons = textwrap.shorten(lead["top_reasons"] or "", find_width() - 12, placeholder=" …")
        lines += [" " * 12 + reasons] if reasons else []
    return lines


def describe_lead(lead: Row) -> str:
    """Score, grade, tier and id of a lead."""
    grade = lead["grade"] or "--"
    return f"  {lead['score']:>8.2f}  {grade}  {lead['tier'] or 'no tier':<15}  {lead['lead_id']}"


def describe_accounts(accounts: list[Row]) -> list[str]:
    """One line per account: score, id, its people and the best of them."""
    if not accounts:
        return []
    lines = [f"The {len(accounts)} best accounts"]
    for row in accounts:
        group = f" ({row['buying_group']})" if row["buying_group"] else ""
        people = f"{row['engaged_leads']} of {row['leads']} leads engaged{group}"
        words = f"{row['account_id']}, best lead {row['best_lead_id']}, {people}"
        words = textwrap.shorten(words, find_width() - 12, placeholder=" …")
        lines.append(f"  {row['score']:>8.2f}  {words}")
    return lines


def describe_other(rows: list[Row], leads: list[Row], model_id: str, manifest: Row) -> list[str]:
    """A further champion in short: its tiers in a line, its best leads."""
    product = manifest["rule_book"]["models"][model_id]["product"]
    headline = name_rule_book(model_id, manifest)
    return [
        f"Product {product}, {headline}" if product else headline.capitalize(),
        *wrap(", ".join(f"{row['tier'] or 'no tier'} {row['leads']:,}" for row in rows)),
        *[describe_lead(lead) for lead in leads],
    ]


def describe_challenger(
    tiers: dict[str, list[Row]], model_id: str, champion: str | None, moved: int, manifest: Row
) -> list[str]:
    """How the tiers of a challenger differ from those of its champion; without one, its tiers."""
    headline = f"Challenger, {name_rule_book(model_id, manifest)}: "
    before = {row["tier"]: row["leads"] for row in tiers[champion]} if champion else {}
    after = {row["tier"]: row["leads"] for row in tiers[model_id]}
    if not champion:
        words = [f"{tier or 'no tier'} {leads:,}" for tier, leads in after.items()]
        return [headline + ", ".join(words)]
    words = [
        f"{tier or 'no tier'} {after.get(tier, 0) - before.get(tier, 0):+,}"
        for tier in dict.fromkeys([*before, *after])
        if after.get(tier, 0) != before.get(tier, 0)
    ]
    return [
        f"{headline}{moved:,} leads in another tier than by {champion}",
        *wrap(", ".join(words)),
    ]


def describe_stale_feeds(stale_feeds: str | None) -> list[str]:
    """A warning where a feed is stale.

    >>> describe_stale_feeds("web.events since 2026-06-12")[0]
    'WARNING: stale, so that what it tells does not fade: web.events since 2026-06-12'
    """
    if not stale_feeds:
        return []
    return [
        f"WARNING: stale, so that what it tells does not fade: {stale_feeds}",
        "  docs/how-to/react-to-a-stale-feed.md says what to do.",
    ]


def describe_unusual(rows: list[Row]) -> list[str]:
    """A sentence for whatever is unusual.

    >>> describe_unusual([{"verdict": "warn", "what_to_do": "web.events, rows in the table: 9."}])
    ['WARNING: web.events, rows in the table: 9.']
    """
    lines = []
    for row in rows[:UNUSUAL]:
        words = {"hold": "HELD BACK", "warn": "WARNING"}.get(row["verdict"])
        words = words or f"ACCEPTED by {row['accepted_by']} ({row['accepted_because']})"
        text = f"{words}: {row['what_to_do']}"
        lines += textwrap.wrap(text, find_width(), subsequent_indent="  ", break_on_hyphens=False)
    if len(rows) > UNUSUAL:
        lines.append(f"  and {len(rows) - UNUSUAL} more (tables feed_health, score_health)")
    return lines


def describe_sales(facts: Row) -> list[str]:
    """What sales is to have, and what would be worth knowing."""
    drawn = f" ({facts['drawn']:,} drawn at random)" if facts["drawn"] else ""
    lines = [
        f"{count_things(facts['due'], 'lead')} newly due for sales{drawn},"
        f" {facts['back']:,} came back,"
        f" {facts['open']:,} handed over in all; within {OUTLOOK_DAYS} days"
        f" {facts['drop_out']:,} drop out if nothing happens"
    ]
    if facts["field"]:
        lines.append(
            f"  To know first: {facts['field']}, which would change {facts['expected']:,.0f} tiers"
            " (unknown_fields)"
        )
    return [*lines, "  One lead's whole story: leads explain <lead_id>"]


def describe_cut_offs(cut_offs: list[Row]) -> list[str]:
    """One line per tier of limited places."""
    lines = []
    for row in cut_offs:
        score = "closed" if row["cut_off"] is None else f"from {row['cut_off']:.2f}"
        lines.append(
            f"  {row['model_id']} {row['tier']}: {row['leads']:,} of {row['capacity']:,} places,"
            f" {score}, {row['turned_away']:,} turned away"
        )
    return lines


def describe_stability(stability: Row | None) -> list[str]:
    """How often tiers change and change back."""
    if not stability:
        return []
    return [
        f"Tiers that changed and changed back: {stability['flap_rate']:.1f} per thousand leads and"
        f" month, by the score alone {stability['flap_rate_by_score']:.1f}"
    ]


def describe_exclusions(reasons: list[Row]) -> list[str]:
    """How many leads are never handed over, and why."""
    if not reasons:
        return ["No lead is excluded."]
    words = [f"{row['reason']} {row['leads']:,}" for row in reasons[:REASONS]]
    if len(reasons) > REASONS:
        words.append(f"{len(reasons) - REASONS} other reasons")
    return [
        f"{reasons[0]['excluded']:,} leads are excluded: they keep their score, nobody is to act",
        *wrap(", ".join(words)),
    ]


def describe_machines(activities: list[Row]) -> list[str]:
    """What machines did, which earns nothing."""
    if not activities:
        return ["No machine was seen."]
    words = [f"{r['activity']} {r['by_people']:,} of {r['seen']:,}" for r in activities]
    return ["Done by people, of what was seen (machines earn nothing)", *wrap(", ".join(words))]


def describe_health(health: dict[str, Row], worst: list[Row], *, models: list[str]) -> list[str]:
    """Which models have too little to be judged by, of how many rules of `models` there is
    something to say, and what of the `worst` ones."""
    warnings = [row["warning"] for row in health.values() if row["warning"]]
    judged = [health[model_id] for model_id in models if model_id in health]
    rules = sum(row["rules"] for row in judged)
    found = sum(row["rules_with_findings"] for row in judged)
    lines = [line for warning in warnings for line in textwrap.wrap(warning, find_width())]
    lines.append(f"Of {count_things(rules, 'rule')} {found:,} are to be talked about (rule_health)")
    for row in worst:
        lines += wrap(f"{row['rule_id']}: {row['finding_text']}")
    return lines


def describe_funnel(stages: list[Row]) -> list[str]:
    """How many leads were ever in each stage.

    >>> describe_funnel([{"stage": "interest", "leads_reached": 1200},
    ...                  {"stage": "handed_over", "leads_reached": 80}])
    ['Funnel: interest 1,200 → handed over 80']
    """
    words = [f"{row['stage'].replace('_', ' ')} {row['leads_reached']:,}" for row in stages]
    text = "Funnel: " + " → ".join(words)
    return textwrap.wrap(text, find_width(), subsequent_indent="  ") if words else []


def describe_evidence(found: dict[str, Any] | None) -> list[str]:
    """What the scores have been worth: how well they told leads apart, what the highest tier
    promises, which promises were broken, what has drifted and what leaks.

    >>> describe_evidence(None)
    ['Not tested on the past yet, so that no tier promises anything: leads backtest']
    """
    if not found:
        return ["Not tested on the past yet, so that no tier promises anything: leads backtest"]
    auc = found["all"].get("auc", {}).get("value")
    told = [row for row in found["promises"] if row["rate"] is not None]
    broken = [row for row in found["promises"] if row["kept"] is False]
    words = [
        *(["too few outcomes for an AUC"] if auc is None and found["confidence"] else []),
        *([f"AUC {auc:.2f}"] if auc is not None else []),
        *[
            f"{row['name']} promises {row['rate']:.0%} ({row['low']:.0%}–{row['high']:.0%}) "
            f"within {row['horizon_days']} days"
            for row in told[:1]
        ],
        f"promises broken: {', '.join(map(describe_broken_promise, broken))}"
        if broken
        else "no promise was broken",
    ]
    lines = wrap("; ".join(words))
    if found["confidence"] and found["confidence"]["finding"]:
        lines += wrap(found["confidence"]["finding"])
    for leak in found["leaks"]:
        lines += wrap(f"{leak['name']}: {leak['finding_text']}")
    days = f"On {count_things(len(found['days']), 'past day')} (tables backtest, tier_promises)"
    if not found["confidence"]:
        days = "By the history of tiers (table tier_promises); leads backtest tells more"
    return [days, *lines]


def describe_broken_promise(row: Row) -> str:
    """A tier that broke its promise.

    >>> describe_broken_promise({"name": "sales", "promised_rate": 0.2, "came_rate": 0.1,
    ...                          "promised_on": "2026-03-31"})
    'sales (20% on 2026-03-31, 10% came)'
    """
    return (
        f"{row['name']} ({row['promised_rate']:.0%} on {row['promised_on']}, "
        f"{row['came_rate']:.0%} came)"
    )


def describe_forecast(forecast: list[Row], unknown_stages: list[Row]) -> list[str]:
    """What the open deals of all products are expected to bring, and which add nothing.

    >>> describe_forecast([{"product": "all products", "deals": 2, "open_amount": 15000,
    ...                     "expected": 4500}], [])
    ['2 open deals worth 15,000 are expected to bring 4,500 (forecast)']
    >>> describe_forecast([], [])
    []
    """
    months = [row for row in forecast if row["product"] == "all products"]
    deals, amount, expected = (
        sum(row[column] for row in months) for column in ("deals", "open_amount", "expected")
    )
    lines = []
    if deals:
        lines.append(
            f"{count_things(deals, 'open deal')} worth {amount:,.0f}"
            f" {'is' if deals == 1 else 'are'} expected to bring {expected:,.0f} (forecast)"
        )
    warning = describe_unknown_stages(unknown_stages)
    if warning:
        text = f"WARNING: {warning}"
        lines += textwrap.wrap(text, find_width(), subsequent_indent="  ", break_on_hyphens=False)
    return lines


def describe_quarantine(quarantined: list[Row]) -> list[str]:
    """How many rows of which table were set aside, and why."""
    if not quarantined:
        return ["No raw row was set aside."]
    total = sum(row["rows"] for row in quarantined)
    lines = [f"{total:,} raw rows were set aside (table quarantine)"]
    for row in quarantined[:QUARANTINE_LINES]:
        lines.append(
            f"  {row['rows']:>8,}  {row['table_name']}: {row['column_name']} {row['reason']}"
        )
    if len(quarantined) > QUARANTINE_LINES:
        others = quarantined[QUARANTINE_LINES:]
        rows = sum(row["rows"] for row in others)
        lines.append(f"  {rows:>8,}  for {len(others)} other reasons")
    return lines


def describe_place(published: Path, manifest: Row) -> list[str]:
    """Where the publication lies, and how to look at it."""
    return [
        f"Published as {manifest['publication_id']}",
        f"  {published / 'leads.duckdb'}  (and one Parquet file per mart beside it)",
        f"  {published / 'index.html'}  (open it in a browser: tiers, best leads, every point)",
    ]


def name_rule_book(model_id: str, manifest: Row) -> str:
    """The model and its version."""
    return f"rule book {model_id} {manifest['rule_book']['models'][model_id]['version']}"


def wrap(text: str) -> list[str]:
    """`text` as indented lines."""
    return textwrap.wrap(text, find_width(), initial_indent="  ", subsequent_indent="  ")
