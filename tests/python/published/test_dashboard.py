"""What belongs here: that the dashboard for Superset asks for marts and columns that there are."""

import zipfile

import yaml
from commands import PROJECT

from bi.superset import DASHBOARD, pack
from orchestration.lib.published.publication import MARTS


def read_columns() -> dict[str, set[str]]:
    """The columns of each mart, by the contract."""
    columns = {}
    for path in (PROJECT / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            columns[model["name"]] = {column["name"] for column in model.get("columns", [])}
    return columns


def test_every_dataset_is_a_published_mart_with_columns_of_its_contract():
    columns = read_columns()
    files = sorted((DASHBOARD / "datasets").rglob("*.yaml"))
    assert len(files) == 4
    for file in files:
        dataset = yaml.safe_load(file.read_text())
        mart = dataset["table_name"]
        assert mart in MARTS and dataset["schema"] == "leads.main"
        assert {column["column_name"] for column in dataset["columns"]} <= columns[mart]


def test_the_packed_dashboard_reads_this_publication_and_nothing_else_of_the_disk(tmp_path):
    pack(tmp_path / "published", tmp_path / "build" / "d.zip")
    with zipfile.ZipFile(tmp_path / "build" / "d.zip") as packed:
        names = packed.namelist()
        database = yaml.safe_load(packed.read("lead-scores/databases/Lead_scores.yaml"))
    assert len([name for name in names if "/charts/" in name]) == 6
    assert "lead-scores/metadata.yaml" in names
    assert database["sqlalchemy_uri"] == (
        f"duckdb:///{tmp_path}/published/leads.duckdb"
        "?access_mode=READ_ONLY&enable_external_access=false"
    )
