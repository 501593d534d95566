"""What belongs here: packing the dashboard of bi/dashboard, as Apache Superset exports and imports
it, with the place of this installation's publication."""

import zipfile
from pathlib import Path

from orchestration.lib.basics.settings import PROJECT_ROOT, locate_published

DASHBOARD = Path(__file__).resolve().parent / "dashboard"


def pack(published: Path, target: Path) -> None:
    """Write the dashboard to the ZIP file `target`, to be imported into Superset, which then reads
    leads.duckdb of the folder `published`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(DASHBOARD.rglob("*.yaml")):
            text = file.read_text().replace("{file}", str(published / "leads.duckdb"))
            packed.writestr(str(Path("lead-scores") / file.relative_to(DASHBOARD)), text)


if __name__ == "__main__":
    zip_file = PROJECT_ROOT / "build" / "lead-scores.zip"
    pack(locate_published(), zip_file)
    print(f"Written: {zip_file}. In Superset: superset import-dashboards -p <it> -u <user>")
