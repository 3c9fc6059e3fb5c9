"""The committed files of the page are what its sources and lock file make, byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from calendar_server.web.page import STATIC

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
ALLOWED_LICENCES = {"MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "0BSD"}

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def installed_sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources with their libraries; skipped without Node.js, except in continuous integration."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        _give_up(f"{' and '.join(missing)} not found: building the page needs Node.js with npm")
    directory = tmp_path_factory.mktemp("page")
    shutil.copytree(WEB, directory / "web", ignore=shutil.ignore_patterns("node_modules"))
    shutil.copytree(ROOT / "clients" / "js", directory / "clients" / "js")
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    installed = subprocess.run(command, cwd=directory / "web", capture_output=True, text=True, timeout=90)
    if installed.returncode != 0:
        _give_up(f"npm could not install what builds the page: {installed.stderr.strip()[-500:]}")
    return directory / "web"


def _give_up(reason: str) -> None:
    assert os.environ.get("CI") != "true", reason
    pytest.skip(reason)


def test_sources_make_the_committed_files(installed_sources: Path, tmp_path: Path) -> None:
    built = tmp_path / "static"
    ran = subprocess.run(
        ["node", "build.mjs", str(built)], cwd=installed_sources, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    made = {path.name: path.read_bytes() for path in built.iterdir()}
    committed = {path.name: path.read_bytes() for path in STATIC.iterdir()}
    assert sorted(made) == sorted(committed)
    differing = [name for name, content in made.items() if content != committed[name]]
    assert differing == [], "run: npm ci --prefix web && node web/build.mjs"


def test_manifest_names_every_file_by_what_is_in_it() -> None:
    manifest = json.loads((STATIC / "manifest.json").read_bytes())
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in STATIC.iterdir()}
    del files["manifest.json"]
    assert manifest["files"] == files


def test_libraries_are_free_and_their_licences_are_shipped() -> None:
    manifest = json.loads((STATIC / "manifest.json").read_bytes())
    licences = (STATIC / "third-party-licences.txt").read_text(encoding="utf-8")
    names = {library["name"] for library in manifest["libraries"]}
    assert {"fullcalendar", "preact", "socket.io-client"} <= names
    for library in manifest["libraries"]:
        assert library["licence"] in ALLOWED_LICENCES, library
        assert f"{library['name']} {library['version']} ({library['licence']})" in licences


def test_lock_file_names_no_registry() -> None:
    lock = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    packages = json.loads(lock)["packages"]
    assert all("integrity" in package for path, package in packages.items() if path)
