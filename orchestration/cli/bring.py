"""What belongs here: the commands that bring data in: somebody's own exports, and what becomes of
vendors' tables."""

from pathlib import Path

import click

from orchestration.cli.options import OF_SCORING, as_json, take_settings
from orchestration.cli.printing import as_wrong_use, tell, work_in
from orchestration.lib.basics.settings import check_settings, load_settings


@click.command("map", short_help="Bring CSV exports of HubSpot or Salesforce into raw tables.")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option(
    "--out",
    default="my-raw",
    show_default=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where the raw tables are written, for `leads run --raw`.",
)
@as_json
def map_exports(files: tuple[Path, ...], out: Path, as_json: bool) -> None:
    """Read CSV files as the export buttons of HubSpot and Salesforce write them (people, companies,
    deals) and write raw tables. Which title is which column is proposed in a mapping file beside
    each export, and checked; change it where it is wrong.

    \b
    Example: leads map people.csv companies.csv deals.csv --out my-raw
    """
    from orchestration.lib.exports.bringing import bring

    tell(bring(files, out), as_json=as_json)


@click.command(short_help="What becomes of the tables that LEADS_SOURCES names.")
@take_settings(*OF_SCORING)
@as_json
def sources(as_json: bool) -> None:
    """Read the tables that vendors' loaders land, as LEADS_SOURCES names them, and show of each raw
    table where its rows come from, what is left out and why, whose people are whose, and which
    columns are not there. Scores nothing, publishes nothing.

    \b
    Example: leads sources --sources hubspot --raw my-fivetran
    """
    from orchestration.lib.asked.sources import answer_sources

    with as_wrong_use():
        settings = load_settings()
        check_settings(settings)
    with work_in("sources", "The sources could not be read. What is wrong:") as (folder, console):
        answer = answer_sources(settings, folder=folder, console=console)
    tell(answer, as_json=as_json)


COMMANDS = [map_exports, sources]
