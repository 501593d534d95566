"""What belongs here: that the project builds from the sample as it is shipped, and that what dbt
itself tests holds: data tests on every row, unit tests of models."""

import subprocess
import sys
from pathlib import Path

from commands import PROJECT, make_environment


def test_the_sample_is_built_and_all_tests_of_dbt_pass(tmp_path):
    environment = make_environment(warehouse=tmp_path / "leads.duckdb")
    environment["DBT_TARGET_PATH"] = str(tmp_path / "target")
    done = subprocess.run(
        [Path(sys.executable).with_name("dbt"), "build", "--quiet"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
