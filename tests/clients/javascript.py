"""Node.js for the tests of the JavaScript client."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = ROOT / "tests" / "functional" / "js"


def require(*programs: str) -> None:
    """Skip the test where a program is missing; in continuous integration it fails."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        _unavailable(f"{' and '.join(missing)} not found: the JavaScript client needs Node.js with npm")


def install_library(directory: Path) -> None:
    """Install the locked socket.io-client into ``directory``."""
    require("node", "npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKED / name, directory)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=90)
    if ran.returncode != 0:
        _unavailable(f"npm could not install socket.io-client: {ran.stderr.strip()[-500:]}")


def _unavailable(reason: str) -> None:
    assert os.environ.get("CI") != "true", reason
    pytest.skip(reason)
