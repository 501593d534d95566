"""What belongs here: the audits in a process of their own. Great Expectations takes seconds to
import: they pass on another core, while dbt builds what is to be audited."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.checked.audit import AuditResult, audit_mart


@dataclass(frozen=True)
class Auditor:
    """A process that audits one mart after the other, as `audit_mart` does."""

    connection: Connection

    def audit(self, mart: str, *arguments: Any, **options: Any) -> AuditResult:
        """What `audit_mart` returns or raises, in that process."""
        self.connection.send(((mart, *arguments), options))
        try:
            answer = self.connection.recv()
        except EOFError:
            raise RuntimeError(f"The process that audits ended while it audited {mart}.") from None
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def start_auditor() -> Iterator[Auditor]:
    """A process that audits, from now until the block ends."""
    ours, theirs = Pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.lib.checked.auditor", str(theirs.fileno())],
        cwd=PROJECT_ROOT,
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    try:
        yield Auditor(ours)
    finally:
        ours.close()
        process.terminate()
        process.wait()


def answer_requests(connection: Connection) -> None:
    """Audit what is asked for, until whoever asks is gone."""
    import great_expectations  # noqa: F401

    while True:
        try:
            arguments, options = connection.recv()
        except EOFError:
            return
        try:
            connection.send(audit_mart(*arguments, **options))
        except Exception as error:
            connection.send(error)


if __name__ == "__main__":
    answer_requests(Connection(int(sys.argv[1])))
