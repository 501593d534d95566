"""What belongs here: that orchestration's rooms are what they say, and that imports run one way:
from the command line and the definitions to the rooms, from later rooms to earlier ones."""

import ast
import re
from pathlib import Path

import pytest

from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.basics.variables import VARIABLES

# A room imports from those before it.
ROOMS = [
    "basics",
    "exports",
    "built",
    "decided",
    "delivered",
    "published",
    "checked",
    "asked",
    "intraday",
    "learned",
    "erased",
]
LIB = PROJECT_ROOT / "orchestration" / "lib"
MODULES = sorted((PROJECT_ROOT / "orchestration").rglob("*.py"))

# Longer than this only where a module is one thing.
MOST_LINES = 350
ONE_THING = {
    "built/raw_files.py": "how the files of raw tables are found and read",
    "checked/health.py": "what every value is compared with, and the words for it",
    "asked/moves.py": "one comparison in SQL, and the words for it",
    "decided/tiers.py": "how a score becomes a tier",
    "delivered/outbox.py": "the life of a message, in a file or a table",
    "delivered/records.py": "what a CRM was told of a record, and what it is to hold",
    "published/publication.py": "what a publication is on the disk",
    "published/facts.py": "the questions to the marts",
    "published/summary.py": "the words of one screenful",
}

# What tells an engine apart from the measure, DuckDB, which Python speaks to all of them.
ENGINES = re.compile(
    r"psycopg|postgres|spark|snowflake|bigquery|redshift|databricks|LEADS_TARGET", re.IGNORECASE
)
# Decisions 25 and 29 name them: the interface and what is behind it, the publication as a schema,
# raw files loaded, the two halves of a warehouse on Spark; and those that list all settings.
KNOW_ENGINES = {
    "lib/basics/warehouse.py",
    "lib/basics/postgres.py",
    "lib/basics/settings.py",
    "lib/basics/variables.py",
    "lib/basics/workers.py",
    "lib/built/dbt_command.py",
    "lib/built/land_raw.py",
    "lib/built/load_raw.py",
    "lib/built/spark_tables.py",
    "lib/published/on_server.py",
    "cli/options.py",
}


def list_imports(path: Path) -> set[str]:
    """The modules of the project that a module imports, anywhere in it."""
    tree = ast.parse(path.read_text())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
    return names


def find_room(name: str) -> str | None:
    found = re.match(r"orchestration\.lib\.(\w+)", name)
    return found[1] if found and found[1] in ROOMS else None


def test_every_room_says_what_belongs_in_it():
    assert sorted(path.name for path in LIB.iterdir() if (path / "__init__.py").exists()) == sorted(
        ROOMS
    )
    for room in ROOMS:
        words = ast.get_docstring(ast.parse((LIB / room / "__init__.py").read_text()))
        assert words.startswith("What ") and words.endswith("."), room


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_from_those_before_it_alone(room):
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    for path in (LIB / room).rglob("*.py"):
        imports = list_imports(path)
        assert {find_room(name) for name in imports} - {None} <= allowed, path
        outside = ("dagster", "click", "orchestration.cli", "orchestration.def")
        assert not [name for name in imports if name.startswith(outside)], path


def test_the_command_line_knows_the_definitions_and_nobody_knows_the_command_line():
    for path in MODULES:
        part = path.relative_to(PROJECT_ROOT / "orchestration").parts[0]
        imports = list_imports(path)
        if part != "cli":
            assert not [name for name in imports if name.startswith("orchestration.cli")], path
        if part in ("defs", "definitions.py"):
            assert "click" not in imports, path
        if part == "cli" and path.name != "daily_run.py":
            # Those that are slow to import.
            assert not [name for name in imports if name.split(".")[0] in ("dagster", "dbt")], path


def test_no_module_is_long_that_is_not_one_thing():
    long = {
        str(path.relative_to(LIB))
        for path in MODULES
        if len(path.read_text().splitlines()) > MOST_LINES
    }
    assert long == set(ONE_THING)


def test_one_module_reads_the_variables_and_dbt_reads_no_other():
    names = {variable.name for variable in VARIABLES}
    reading = re.compile(r"(environ(\.get\(|\[)|getenv\()[^)\]]*LEADS_")
    reads = [path for path in MODULES if reading.search(path.read_text())]
    assert reads == []
    for path in [PROJECT_ROOT / "profiles.yml", PROJECT_ROOT / "dbt_project.yml"] + sorted(
        (PROJECT_ROOT / "macros").rglob("*.sql")
    ):
        # One that is blank is not set, for dbt as for the commands.
        asked = re.findall(r"env_var\('(LEADS_\w+)', '([^']*)'\)", path.read_text())
        assert len(asked) == path.read_text().count("env_var('LEADS_")
        assert {name for name, _ in asked} <= names and {default for _, default in asked} <= {""}


def test_no_module_but_those_of_decision_25_knows_an_engine():
    folder = PROJECT_ROOT / "orchestration"
    found = {str(path.relative_to(folder)) for path in MODULES if ENGINES.search(path.read_text())}
    assert found == KNOW_ENGINES


def test_no_sql_but_the_macros_of_engines_asks_which_engine_it_runs_on():
    asking = re.compile(r"target\.(type|name)\b|adapter\.type\(|adapter\.dispatch\(")
    variant = re.compile(r"macro (duckdb|postgres|spark|snowflake|bigquery|redshift)__")
    found = set()
    for folder in ("models", "macros", "snapshots", "tests/data"):
        for path in sorted((PROJECT_ROOT / folder).rglob("*")):
            if path.suffix in (".sql", ".yml") and path.parent.name != "engines":
                text = path.read_text()
                if asking.search(text) or variant.search(text):
                    found.add(str(path.relative_to(PROJECT_ROOT)))
    # A macro of dbt's own, which hands on to dbt's.
    assert found == {"macros/seed_files.sql"}


def test_the_page_on_other_engines_lists_the_macros_that_one_needs():
    sql = "".join(
        path.read_text() for path in sorted((PROJECT_ROOT / "macros" / "engines").glob("*.sql"))
    )
    dispatched = set(re.findall(r"adapter\.dispatch\('(\w+)'\)", sql))
    neutral = set(re.findall(r"macro default__(\w+)\(", sql))
    variants = set(re.findall(r"macro (?:[a-z]+)__(\w+)\(", sql))
    page = (PROJECT_ROOT / "docs/how-to/bring-another-engine.md").read_text()
    lists = [
        set(re.findall(r"`(\w+)`", page.partition(begin)[2].partition(".\n")[0]))
        for begin in ("no neutral variant:", "is not what the engine understands:", "does not do:")
    ]
    assert lists == [dispatched - neutral, neutral, variants - dispatched]
