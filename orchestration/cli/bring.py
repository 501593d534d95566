"""What belongs here: the command that brings somebody's own exports in."""

from pathlib import Path

import click

from orchestration.cli.options import as_json
from orchestration.cli.printing import tell


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


COMMANDS = [map_exports]
