"""What belongs here: that dbt sees which files a rule book has, though it keeps what it reads."""

import shutil
from dataclasses import replace
from datetime import date

from dbt_runs import SHIPPED_RULES

from orchestration.lib.basics.settings import load_settings
from orchestration.lib.built import dbt_command


def test_a_file_that_comes_is_read_in_place_of_the_shipped_one(tmp_path, monkeypatch):
    monkeypatch.setattr(dbt_command, "TARGET", tmp_path / "target")
    rules = shutil.copytree(SHIPPED_RULES, tmp_path / "rules")
    (rules / "stages.csv").unlink()
    settings = replace(load_settings(as_of_dates=[date(2000, 1, 1)]), rules=rules)

    def list_seeds():
        names = dbt_command.list_names(rules)
        project = dbt_command.read_project(dbt_command.forget_run(settings), names)
        return project.nodes["model.lead_scoring.funnel_stages"].depends_on.nodes

    assert "seed.shipped_rules.stages" in list_seeds()
    shutil.copy(SHIPPED_RULES / "stages.csv", rules)
    assert "seed.lead_scoring.stages" in list_seeds()
