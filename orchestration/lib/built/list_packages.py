"""What belongs here: the packages that keep lists for everybody, installed beside the project and
read as text: nothing of them is run."""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

INSTALL_SECONDS = 300

# As packages write them → as SPDX does: licences by which a list may be kept and passed on here.
LICENCES = {
    "MIT": "MIT",
    "MIT License": "MIT",
    "The MIT License (MIT)": "MIT",
    "Apache-2.0": "Apache-2.0",
    "BSD-3-Clause": "BSD-3-Clause",
    "CC0-1.0": "CC0-1.0",
}


@dataclass(frozen=True)
class Package:
    """An installed package that keeps a list."""

    name: str
    version: str
    licence: str
    files: Mapping[str, Path]

    def cite(self, day: date) -> str:
        """What the rows say that come with it."""
        return f"{self.name} {self.version} ({self.licence}), {day}"


def install_packages(lock: Path, folder: Path) -> None:
    """Install the packages that `lock` pins into `folder`, made anew, and nowhere else. Raises
    ValueError where pip cannot."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile"),
        *("--target", str(folder), "--requirement", str(lock)),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"The packages of {lock.name} could not be had within {INSTALL_SECONDS} seconds: look "
            "at the network, or at the package index that pip is set to."
        ) from None
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        reason = words[-1].removeprefix("ERROR: ") if words else f"pip ended with {done.returncode}"
        raise ValueError(f"The packages of {lock.name} could not be installed: {reason}")


def read_package(folder: Path, name: str) -> Package:
    """The package `name` in `folder`. Raises ValueError where it is not there, or has no licence by
    which its list may be kept here."""
    found = [
        one
        for one in distributions(path=[str(folder)])
        if re.sub(r"[-_.]+", "-", one.metadata.get("Name", "")).lower() == name
    ]
    if not found:
        raise ValueError(f"{folder} holds no package {name}.")
    [one] = found
    licence = find_licence(one)
    if licence not in LICENCES:
        raise ValueError(
            f"{name} {one.version} names '{licence}' as its licence, which is not known to let its "
            "list be kept and passed on: read it, then add it to LICENCES in list_packages.py, or "
            "pin another release."
        )
    files = {str(file): Path(str(one.locate_file(file))) for file in one.files or []}
    return Package(name, one.version, LICENCES[licence], files)


def find_licence(package: Distribution) -> str:
    """What a package calls its licence: in its metadata, else in the first line of its text."""
    stated = package.metadata.get("License-Expression") or package.metadata.get("License")
    if stated:
        return stated.strip()
    for text in package.metadata.get_all("Classifier") or []:
        if text.startswith("License :: "):
            return text.rsplit(" :: ", 1)[1]
    for file in package.files or []:
        if "license" in file.name.lower():
            lines = Path(str(package.locate_file(file))).read_text(encoding="utf-8").splitlines()
            return next((line.strip() for line in lines if line.strip()), "")
    return ""


def read_file(package: Package, name: str) -> str:
    """The text of a package's file. Raises ValueError where it is not there or is no text."""
    try:
        return package.files[name].read_text(encoding="utf-8")
    except (KeyError, OSError):
        raise ValueError(f"{package.name} {package.version} lacks its file {name}.") from None
    except UnicodeDecodeError:
        raise ValueError(
            f"{package.name} {package.version}: its file {name} is no text in UTF-8."
        ) from None


def read_domains(package: Package, name: str, variable: str) -> set[str]:
    """The domains that a package's module assigns to `variable`, as text that is read: nothing of a
    package is run. Raises ValueError where there are none."""
    found: Any = None
    try:
        for line in ast.parse(read_file(package, name)).body:
            if isinstance(line, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == variable for target in line.targets
            ):
                found = ast.literal_eval(line.value)
    except (SyntaxError, ValueError) as error:
        if str(error).startswith(package.name):
            raise
        found = None
    if not found or not all(isinstance(domain, str) for domain in found):
        raise ValueError(
            f"{package.name} {package.version}: its file {name} holds no list {variable}."
        )
    return {domain.strip().lower() for domain in found}


def read_crawlers(package: Package) -> dict[str, str]:
    """The patterns of a package's JSON list with what they are for. Raises ValueError where there
    are none."""
    name = "crawleruseragents/crawler-user-agents.json"
    try:
        listed = json.loads(read_file(package, name))
        found = {one["pattern"]: ", ".join(one.get("tags", [])) for one in listed}
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
        found = {}
    if not found:
        raise ValueError(
            f"{package.name} {package.version}: its file {name} holds no list of patterns."
        )
    return found
