"""What belongs here: the options that several commands share. A setting that is given as an option
goes before its variable: it is put into the environment, where dbt and Dagster read it too."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from orchestration.lib.basics.variables import Variable, find_variable

# What a run is made with; beside it a command names what else it takes.
OF_A_SERVER = (
    "target", "postgres-host", "postgres-port", "postgres-user", "postgres-password",
    "postgres-database", "postgres-readers", "spark-master", "spark-partitions", "spark-method",
    "spark-host", "spark-port", "spark-user", "spark-token", "spark-cluster",
)  # fmt: skip
OF_A_RUN = (
    "raw", "sources", "rules", "warehouse", "published", "as-of", "known", "memory-limit",
    *OF_A_SERVER,
)  # fmt: skip
OF_SCORING = ("raw", "sources", "rules", "warehouse", "memory-limit", *OF_A_SERVER)
OF_A_CRM = (
    "hubspot-token", "hubspot-url", "hubspot-version", "salesforce-url", "salesforce-token",
    "salesforce-client-id", "salesforce-client-secret", "salesforce-version",
)  # fmt: skip
OF_A_WEBHOOK = ("webhook-url", "webhook-secret", "webhook-timeout", "webhook-receipt")

# The options that were given, by the variable that they stand for.
GIVEN: dict[str, str] = {}


def take_settings(*options: str) -> Callable[[Any], Any]:
    """Give a command the settings of these names as options."""

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = make_option(find_variable(option))(command)
        return command

    return decorate


def make_option(variable: Variable) -> Callable[[Any], Any]:
    """The option of a setting. A path starts in the folder that the command is called in."""
    is_path = variable.kind == "path"
    return click.option(
        f"--{variable.option}",
        expose_value=False,
        callback=lambda _context, _parameter, value: set_variable(variable, value),
        type=click.Path() if is_path else str,
        help=f"{variable.words} Default: {variable.name}, else {variable.default}.",
        metavar="PATH" if is_path else "TEXT",
        # Its value is no secret to `leads --help`, which shows defaults only.
        show_default=False,
    )


def set_variable(variable: Variable, value: str | None) -> None:
    """Have the value of an option count before what the environment says."""
    if value is None or not value.strip():
        return
    if variable.kind == "path":
        value = str(Path(value).expanduser().absolute())
    GIVEN[variable.name] = value
    os.environ[variable.name] = value


def name_as_given(sentence: str) -> str:
    """A complaint about a setting, which names its variable, by the option that was used."""
    for name in GIVEN:
        option = name.removeprefix("LEADS_").lower().replace("_", "-")
        sentence = sentence.replace(f"{name} is ", f"--{option} is ")
    return sentence


as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document on standard output."
)
