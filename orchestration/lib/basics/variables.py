"""What belongs here: which LEADS_ variables there are, and the one place that reads them. What they
mean is said by whoever uses them (settings.py, webhook.py, macros of dbt)."""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PROJECT_ROOT = Path(__file__).resolve().parents[3]

PREFIX = "LEADS_"


@dataclass(frozen=True)
class Variable:
    """A setting: as the option `--as-of` it goes before the variable `LEADS_AS_OF`, and that before
    the default. `kind` says what is meant: a path is absolute once it is an option."""

    option: str
    kind: Literal["path", "text", "secret"]
    default: str
    words: str

    @property
    def name(self) -> str:
        """The variable of the environment.

        >>> find_variable("as-of").name
        'LEADS_AS_OF'
        """
        return PREFIX + self.option.replace("-", "_").upper()


VARIABLES = (
    Variable("raw", "path", "the generated sample", "Folder of the raw files."),
    Variable(
        "sources", "text", "none: raw tables of the contract are read",
        "Whose tables are read as Fivetran lands them, the first one first: hubspot,own.",
    ),
    Variable("rules", "path", "seeds/rules", "Folder of the rule book's CSV files."),
    Variable("warehouse", "path", "warehouse/leads.duckdb", "The DuckDB file that is built."),
    Variable("published", "path", "published", "Folder of the published copies."),
    Variable(
        "as-of", "text", "today, UTC; on the sample its last day",
        "The day the scores speak for; several as 2026-06-01,2026-06-15 or 2026-06-01..2026-06-30.",
    ),
    Variable(
        "known", "text", "now",
        "Which rows count: all that have loaded by now, or those that had by the day: then.",
    ),
    Variable(
        "intraday-seconds", "text", "60",
        "How often `leads watch` and `leads ui` look during the day whether something has loaded.",
    ),
    Variable(
        "memory-limit", "text", "6 GB, less on a small machine", "Memory of the database, as 2GB."
    ),
    Variable("target", "text", "duckdb", "Where the warehouse is: a target of profiles.yml."),
    Variable("postgres-host", "text", "localhost", "Of the target postgres: its server."),
    Variable("postgres-port", "text", "5432", "The port of that server."),
    Variable("postgres-user", "text", "leads", "Who builds there."),
    Variable("postgres-password", "secret", "none", "The password of that user."),
    Variable("postgres-database", "text", "leads", "The database that is built."),
    Variable(
        "postgres-readers", "text", "nobody", "Roles that may read the publication, as bi,analysts."
    ),
    Variable(
        "spark-master", "text", "local[*]",
        "Of the target spark: the cluster that works, as local-cluster[2,1,1024].",
    ),
    Variable("spark-partitions", "text", "4", "Into how many parts Spark shuffles."),
    Variable(
        "spark-method", "text", "session",
        "How Spark is reached: session, in this process; thrift or http, a server.",
    ),
    Variable("spark-host", "text", "localhost", "That server."),
    Variable("spark-port", "text", "10000", "The port of that server."),
    Variable("spark-user", "text", "none", "Who builds there."),
    Variable("spark-token", "secret", "none", "What that server is called with."),
    Variable("spark-cluster", "text", "none", "The cluster behind that server."),
    Variable("webhook-url", "secret", "none: hand-overs wait", "Where hand-overs are delivered."),
    Variable(
        "webhook-secret", "secret", "none",
        "What hand-overs are signed with. Others on the machine can see it in an option.",
    ),
    Variable("webhook-timeout", "text", "10", "Seconds that the receiver may take to answer."),
    Variable(
        "webhook-receipt", "text", "any 2xx but a web page",
        "A regular expression that every true receipt holds.",
    ),
    Variable("hubspot-token", "secret", "none: nothing is written", "What HubSpot is called with."),
    Variable("hubspot-url", "text", "https://api.hubapi.com", "Where HubSpot is called."),
    Variable("hubspot-version", "text", "2026-09", "The version of its interface, or v3."),
    Variable(
        "salesforce-url", "text", "none: nothing is written",
        "The address of the Salesforce organisation.",
    ),
    Variable("salesforce-token", "secret", "none", "What Salesforce is called with."),
    Variable("salesforce-client-id", "secret", "none", "The app that gets a token."),
    Variable("salesforce-client-secret", "secret", "none", "The secret of that app."),
    Variable("salesforce-version", "text", "62.0", "The version of its interface."),
)  # fmt: skip


def find_variable(option: str) -> Variable:
    """The setting of the option `--<option>`."""
    return next(variable for variable in VARIABLES if variable.option == option)


def read_given(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that are set, by name, without outer blanks; a blank one is not set.

    >>> read_given({"LEADS_RAW": " /data ", "LEADS_AS_OF": " ", "HOME": "/root"})
    {'LEADS_RAW': '/data'}
    """
    names = [variable.name for variable in VARIABLES]
    return {name: environ[name].strip() for name in names if environ.get(name, "").strip()}


def check_names(environ: Mapping[str, str] = os.environ) -> None:
    """ValueError where a variable is set that looks like a setting and is none: what it was meant
    to say would be ignored.

    >>> check_names({"LEADS_ASOF": "2026-06-30"})
    Traceback (most recent call last):
    ValueError: LEADS_ASOF is set, but there is no such setting: LEADS_AS_OF may be what you mean. \
Rename or unset it; `leads settings` lists all there are.
    """
    known = [variable.name for variable in VARIABLES]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
            raise ValueError(
                f"{name} is set, but there is no such setting: {nearest} may be what you mean. "
                "Rename or unset it; `leads settings` lists all there are."
            )


def hide_secret(variable: Variable, value: str) -> str:
    """`value` as it may be shown: of an address no more than its host, of a secret nothing.

    >>> hide_secret(find_variable("webhook-url"), "https://key@crm.example/in?token=1")
    'https://crm.example/… (hidden)'
    >>> hide_secret(find_variable("webhook-secret"), "s3cret"), hide_secret(VARIABLES[0], "/data")
    ('(hidden)', '/data')
    """
    if variable.kind != "secret":
        return value
    place = re.match(r"(https?://)(?:[^/@]*@)?([^/?#]+)", value)
    return f"{place[1]}{place[2]}/… (hidden)" if place else "(hidden)"
