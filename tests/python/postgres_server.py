"""A Postgres server of the tests' own.

What belongs here: finding the server's programs, starting it on a free loopback port as a user that
is not root, stopping it. No expectations: those stand in the tests.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PASSWORD = "pass word's"
MISSING = (
    "No Postgres server is installed (pg_config and /usr/lib/postgresql were asked): what runs on "
    "Postgres is not tested. Debian: apt-get install postgresql."
)


def find_programs() -> Path:
    """The folder of initdb and pg_ctl; skips the test with a sentence where there is none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        asked = subprocess.run(
            ["pg_config", "--bindir"], capture_output=True, text=True, check=True
        )
        folders.append(Path(asked.stdout.strip()))
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "pg_ctl").is_file():
            return folder
    pytest.skip(MISSING)


@contextlib.contextmanager
def start_server() -> Iterator[dict[str, str]]:
    """A server with an empty database; gives the LEADS_POSTGRES_ variables that name it."""
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    password = folder / "password"
    password.write_text(PASSWORD)
    # A server does not run as root.
    other = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if other:
        for path in (folder, password):
            shutil.chown(path, "nobody", "nogroup")

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, *arguments],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, env={"HOME": str(folder)}, **other,
        )  # fmt: skip

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    run(
        "initdb", "--pgdata", data, "--username", "leads", "--pwfile", str(password),
        "--auth", "scram-sha-256", "--encoding", "UTF8", "--lc-collate", "C",
        "--lc-ctype", "C.UTF-8",
    )  # fmt: skip
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        " -c full_page_writes=off -c timezone=America/New_York"
    )
    run("pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
    try:
        yield {
            "LEADS_POSTGRES_HOST": "127.0.0.1",
            "LEADS_POSTGRES_PORT": str(port),
            "LEADS_POSTGRES_USER": "leads",
            "LEADS_POSTGRES_PASSWORD": PASSWORD,
            "LEADS_POSTGRES_DATABASE": "postgres",
        }
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)
