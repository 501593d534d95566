"""What belongs here: running one command and measuring it, without harm to the machine."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

SECONDS_BETWEEN_LOOKS = 0.02
SECONDS_BETWEEN_SAMPLES = 0.5
# A command that takes more of the machine's memory than this is stopped.
SHARE_OF_MEMORY = 0.85


@dataclass(frozen=True)
class Measured:
    """What a command took.

    On a machine with other work to do, the seconds of the processor say more than those of the
    clock. `problem` says in a few words why the command did not end well, else it is empty.
    """

    seconds: float
    processor_seconds: float
    peak_bytes: int
    problem: str = ""


def run(
    command: list[str | Path], *, folder: Path, settings: dict[str, str], log: Path, limit: float
) -> Measured:
    """Run a command in a folder and measure it with all its children.

    Its environment is this process's, with these settings of the project and no other ones. It is
    stopped after `limit` seconds, or where it takes nearly all of the machine's memory. What
    it prints goes to the file `log`. The peak is the larger of two: what the tree of processes was
    seen to hold together, and the most that one of them ever held.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * SHARE_OF_MEMORY
    log.parent.mkdir(parents=True, exist_ok=True)
    others = {name: value for name, value in os.environ.items() if not name.startswith("LEADS_")}
    problem = ""
    peak = 0
    with log.open("w") as written:
        started = sampled = time.monotonic()
        # A group of its own, so that it ends with all its children.
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=others | settings,
            stdout=written,
            stderr=written,
            process_group=0,
        )
        try:
            while True:
                ended, status, usage = os.wait4(process.pid, os.WNOHANG)
                now = time.monotonic()
                if ended:
                    break
                if not problem and now - sampled >= SECONDS_BETWEEN_SAMPLES:
                    sampled = now
                    peak = max(peak, resident_bytes(process.pid))
                    if peak > memory:
                        problem = "stopped: too little memory"
                    elif now - started > limit:
                        problem = f"stopped after {limit:.0f} s"
                    if problem:
                        os.killpg(process.pid, signal.SIGKILL)
                time.sleep(SECONDS_BETWEEN_LOOKS)
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    process.returncode = os.waitstatus_to_exitcode(status)
    if not problem and process.returncode != 0:
        problem = f"failed, see {log}"
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(
        seconds=now - started,
        processor_seconds=usage.ru_utime + usage.ru_stime,
        peak_bytes=max(peak, usage.ru_maxrss * unit),
        problem=problem,
    )


def resident_bytes(root: int) -> int:
    """The memory that a process and all its descendants hold now."""
    table = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True
    ).stdout
    parents, sizes = {}, {}
    for line in table.splitlines():
        pid, parent, kilobytes = map(int, line.split())
        parents[pid], sizes[pid] = parent, kilobytes * 1024
    return sum(size for pid, size in sizes.items() if descends(pid, root, parents))


def descends(pid: int, root: int, parents: dict[int, int]) -> bool:
    """Whether a process is the root or one of its descendants.

    >>> descends(3, 1, {3: 2, 2: 1}), descends(3, 1, {3: 2})
    (True, False)
    """
    while pid != root and pid in parents:
        pid = parents[pid]
    return pid == root
