"""What belongs here: the commands for those who want to know: one lead's story, what is published,
the web page."""

import os
import sys

import click

from orchestration.cli.complete import complete_models, complete_tiers
from orchestration.cli.options import (
    OF_A_CRM,
    OF_A_RUN,
    OF_A_WEBHOOK,
    OF_SCORING,
    as_json,
    take_settings,
)
from orchestration.cli.printing import as_wrong_use, tell
from orchestration.lib.basics.outcomes import Answer, WrongUse
from orchestration.lib.basics.settings import PROJECT_ROOT, load_settings, locate_published


@click.command(short_help="Why a lead has its score: its whole story.")
@click.argument("lead")
@click.option("--model", default="", shell_complete=complete_models, help="Default: the champions.")
@click.option("--since", default="", metavar="DAY", help="The day to compare with.")
@take_settings("published", *OF_SCORING)
@as_json
def explain(lead: str, model: str, since: str, as_json: bool) -> None:
    """Tell one lead's whole story: the points and their reasons, what changed, when it drops out of
    its tier, what is not known, what would move it.

    \b
    Example: leads explain L10000963 --since 2026-06-01
    """
    from orchestration.lib.asked.explain import describe_stories, find_stories, read_since

    if not lead.strip():
        raise WrongUse("Say which lead: leads explain <lead_id>.")
    with as_wrong_use():
        day = read_since(since)
    stories = find_stories(
        locate_published(),
        lead_id=lead.strip(),
        model_id=model.strip(),
        since=day,
        find_settings=load_settings,
    )
    tell(Answer(describe_stories(stories, since=day), {"lead_id": lead.strip(), "models": stories}),
         as_json=as_json)  # fmt: skip


@click.command(short_help="The best leads of a model or a tier, with their reasons.")
@click.option("--model", default="", shell_complete=complete_models, help="Default: the champion.")
@click.option("--tier", default="", shell_complete=complete_tiers, help="Default: all tiers.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=10, show_default=True)
@take_settings("published")
@as_json
def best(model: str, tier: str, limit: int, as_json: bool) -> None:
    """List the leads with the highest scores, and why they have them; `leads explain` tells the
    whole story of one.

    \b
    Example: leads best --tier sales --limit 20
    """
    from orchestration.lib.published.listing import answer_best

    answer = answer_best(locate_published(), model_id=model.strip(), tier=tier.strip(), limit=limit)
    tell(answer, as_json=as_json)


@click.command(short_help="The publications that are kept; a star marks the live one.")
@take_settings("published")
@as_json
def publications(as_json: bool) -> None:
    """List the publications that are kept, newest first; a star marks the live one.

    \b
    Example: leads publications
    """
    from orchestration.lib.published.listing import answer_publications

    tell(answer_publications(locate_published()), as_json=as_json)


@click.command(short_help="Serve Dagster's web page: the job, its schedule, runs and checks.")
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
@take_settings("intraday-seconds", *OF_A_RUN, *OF_A_WEBHOOK, *OF_A_CRM)
def ui(port: int) -> None:
    """Serve Dagster's web page, with the schedule (06:00 UTC), what scores new loads during the
    day, and the delivery of hand-overs at work.

    \b
    Example: leads ui --port 3001
    """
    os.chdir(PROJECT_ROOT)
    os.environ["DAGSTER_HOME"] = str(PROJECT_ROOT / ".dagster")
    # An intraday run is a tick; the daemon else waits a minute for one.
    os.environ.setdefault("DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS", "600")
    module = "orchestration.definitions"
    words = ["-m", "dagster", "dev", "--module-name", module, "--port", str(port)]
    os.execv(sys.executable, [sys.executable, *words])


COMMANDS = [explain, best, publications, ui]
