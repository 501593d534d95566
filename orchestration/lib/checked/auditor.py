"""What belongs here: the audits in a process of their own. Great Expectations takes seconds to
import: they pass on another core, while dbt builds what is to be audited."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.checked.audit import AuditResult, audit_mart, write_page

SECONDS_FOR_PAGE = 60


@dataclass
class Auditor:
    """A process that audits one mart after the other, as `audit_mart` does. The page of what it
    found is written after the answer, while the run goes on."""

    connection: Connection
    is_writing: bool = False

    def audit(
        self, mart: str, *arguments: Any, writes_page: bool = True, **options: Any
    ) -> AuditResult:
        """What `audit_mart` returns or raises, in that process; without a page where nobody will
        look at it."""
        self.connection.send(((mart, *arguments), options, writes_page))
        try:
            answer = self.connection.recv()
        except EOFError:
            raise RuntimeError(f"The process that audits ended while it audited {mart}.") from None
        if isinstance(answer, Exception):
            raise answer
        self.is_writing = writes_page and answer.asks_for_page
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
    auditor = Auditor(ours)
    try:
        yield auditor
    finally:
        # It ends by itself where nobody asks any more, and may have half a page to write.
        ours.close()
        if auditor.is_writing:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=SECONDS_FOR_PAGE)
        process.terminate()
        process.wait()


def answer_requests(connection: Connection) -> None:
    """Audit what is asked for, until whoever asks is gone."""
    import great_expectations  # noqa: F401

    while True:
        try:
            arguments, options, writes_page = connection.recv()
        except EOFError:
            return
        try:
            audited = audit_mart(*arguments, **options, writes_page=False)
        except Exception as error:
            connection.send(error)
            continue
        connection.send(audited)
        if writes_page and audited.asks_for_page:
            # Under data_docs in the folder of the reports.
            write_page(audited.report.parents[1])


if __name__ == "__main__":
    answer_requests(Connection(int(sys.argv[1])))
    # Nobody is there any more, and all is written: to take down what was imported is seconds, and
    # whoever waits for what this process has printed waits for them.
    os._exit(0)
