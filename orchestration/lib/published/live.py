"""What belongs here: the live publication as those see it who deliver what it says."""

from pathlib import Path

from orchestration.lib.delivered.write_back import Live
from orchestration.lib.published.facts import find_champions
from orchestration.lib.published.publication import read_current


def find_live(published: Path) -> Live | None:
    """The live publication; None before the first one, and where it is damaged, with a warning."""
    manifest = read_current(published)
    if manifest is None:
        return None
    return Live(
        publication_id=manifest["publication_id"],
        folder=published / "versions" / manifest["publication_id"],
        held=tuple(manifest.get("health", {}).get("held", ())),
        champion=find_champions(manifest)[0],
    )
