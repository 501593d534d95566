"""What belongs here: keeping two runs from working on the same thing at the same time."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def hold_lock(file: Path, *, wait_seconds: float) -> Iterator[None]:
    """Keep other processes that want the lock `file` out while the block runs; one that is killed
    loses it by itself.

    Raises ValueError where another process holds it longer than `wait_seconds`.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + wait_seconds
    with file.open("w") as opened:
        while True:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise ValueError(
                        f"Another run is at work: it holds {file} and has not ended within "
                        f"{wait_seconds:.0f} seconds. Let it end, then run again."
                    ) from None
                time.sleep(0.2)
        yield
