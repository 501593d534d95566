"""What belongs here: what the shell offers as one types: models, tiers and publications of what is
live, refusals, dead hand-overs. Whatever goes wrong, it offers nothing and says nothing."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from orchestration.lib.basics.settings import PROJECT_ROOT, locate_published, locate_warehouse


def offer(
    find: Callable[[], Iterable[tuple[str, str]]],
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """A completion of what `find` gives: words, each with what it is."""

    def complete(_context: click.Context, _parameter: Any, start: str) -> list[CompletionItem]:
        try:
            found = list(find())
        except Exception:
            return []
        return [CompletionItem(word, help=words) for word, words in found if word.startswith(start)]

    return complete


def read_live() -> dict[str, Any]:
    """The manifest of the live publication, read as quickly as can be: it is only offered."""
    return json.loads((locate_published() / "current" / "manifest.json").read_bytes())


def find_models() -> Iterable[tuple[str, str]]:
    """The models that are published."""
    models = read_live()["rule_book"]["models"]
    return [(model_id, model.get("title", "")) for model_id, model in models.items()]


def find_tiers() -> Iterable[tuple[str, str]]:
    """The tiers of all models, each once, the highest first."""
    steps = [
        (step["tier"], step["enter_at"], model_id)
        for model_id, model in read_live()["rule_book"]["models"].items()
        for step in model["tiers"]
    ]
    found: dict[str, str] = {}
    for tier, enter_at, model_id in sorted(steps, key=lambda step: -step[1]):
        found.setdefault(tier, f"from {enter_at:g} in {model_id}")
    return found.items()


def find_publications() -> Iterable[tuple[str, str]]:
    """The publications that are kept, the newest first."""
    folders = sorted((locate_published() / "versions").glob("[0-9]*"), reverse=True)
    return [
        (folder.name, json.loads((folder / "manifest.json").read_bytes())["as_of_date"])
        for folder in folders
        if (folder / "manifest.json").is_file()
    ]


def find_refusals() -> Iterable[tuple[str, str]]:
    """What the last run has refused."""
    from orchestration.lib.decided.acceptances import list_refusals

    return [(row.what, row.verdict) for row in list_refusals(locate_warehouse())]


def find_dead() -> Iterable[tuple[str, str]]:
    """The hand-overs and records that are dead, and the word for all of them."""
    from orchestration.lib.delivered.outbox import (
        WEBHOOK,
        find_outbox,
        list_crms,
        list_messages,
        open_outbox,
    )

    with open_outbox(find_outbox(locate_warehouse())) as outbox:
        dead = [
            (row.idempotency_key, row.last_error)
            for receiver in [WEBHOOK, *list_crms(outbox)]
            for row in list_messages(outbox, "dead", receiver)
        ]
    return [*dead, ("all", "every dead one")] if dead else []


def find_examples() -> Iterable[tuple[str, str]]:
    """The worked examples."""
    return [(rules.parent.name, "") for rules in PROJECT_ROOT.glob("examples/*/rules")]


complete_models = offer(find_models)
complete_tiers = offer(find_tiers)
complete_publications = offer(find_publications)
complete_refusals = offer(find_refusals)
complete_dead = offer(find_dead)
complete_examples = offer(find_examples)
