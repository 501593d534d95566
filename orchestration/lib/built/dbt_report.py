"""What belongs here: what dbt did and what it complains about, in words."""

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from orchestration.lib.basics.masking import mask_message

COLORS = re.compile(r"\x1b\[[0-9;]*m")

# dbt's headline of a message: what kind of error, in which node, from which file.
HEADLINE = re.compile(r"^(?P<kind>[A-Z][\w ]*) Error(?: in \S+ \S+ \((?P<file>.*)\))?$")


def describe_failures(results: Sequence[Any]) -> list[str]:
    """One sentence or paragraph per result of dbt's that failed, the same one once; skipped nodes
    are left out: they only follow."""
    sentences = []
    for result in results:
        if result.status in ("error", "fail", "runtime error"):
            message = clean_message(result.message or "")
            if result.status == "fail":
                message = (
                    f"The test {result.node.name} fails: {message}. {read_meaning(result.node)}"
                )
            sentences.append(message.strip())
    return list(dict.fromkeys(sentences))


def read_meaning(test: Any) -> str:
    """What a failing row of a test means: the comment that its SQL begins with, else its
    description."""
    lines = (getattr(test, "compiled_code", None) or "").strip().splitlines()
    comment = [line[3:] for line in takewhile(lambda line: line.startswith("-- "), lines)]
    return " ".join(" ".join(comment or [test.description or ""]).split())


def clean_message(message: str) -> str:
    """dbt's message without colours, its headline, the macros it went through, and the values that
    it may quote.

    Messages that this project raises itself (compilation errors, but of seeds) name all that
    matters; others get the file they come from.

    >>> clean_message("Compilation Error in model a (b.sql)\\n  It is missing.\\n  > in macro c")
    'It is missing.'
    >>> clean_message("Runtime Error in model a (b.sql)\\n  Binder Error: no column")
    'b.sql: Binder Error: no column'
    """
    lines = [line.strip() for line in COLORS.sub("", message).strip().splitlines()]
    headline = HEADLINE.match(lines[0]) if lines else None
    body = lines[1:] if headline else lines
    text = mask_message("\n".join(line for line in body if line and not line.startswith(">")))
    is_ours = headline and headline["kind"] == "Compilation" and not is_seed(headline["file"])
    if headline and headline["file"] and not is_ours:
        return f"{headline['file']}: {text}"
    return text


def is_seed(file: str | None) -> bool:
    """True where dbt names this file as the source of a seed."""
    return bool(file and file.endswith(".csv"))
