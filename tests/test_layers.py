"""Who may import whom: the contracts in pyproject.toml, and the scripts that stand on the package."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = {"app", "models", "migrate_to_dynamodb"}


def imports_of(script: str) -> set[str]:
    """The dotted names of everything that ``script`` imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / f"{script}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, "absolute imports only"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_the_package_keeps_its_layers() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stdout + run.stderr


def test_models_stands_on_the_store_and_what_is_below_it() -> None:
    rooms = {".".join(name.split(".")[:2]) for name in imports_of("models") if name.startswith("calendar_server")}
    below = {f"calendar_server.{room}" for room in ("store", "domain", "errors", "config", "measures")}
    assert rooms
    assert rooms <= below


@pytest.mark.parametrize(
    ("script", "allowed"), [("app", {"models"}), ("migrate_to_dynamodb", {"models"}), ("models", set[str]())]
)
def test_the_scripts_on_top_do_not_import_one_another(script: str, allowed: set[str]) -> None:
    assert {name.split(".")[0] for name in imports_of(script)} & SCRIPTS <= allowed


def test_the_migration_needs_no_edge() -> None:
    edges = ("calendar_server.api", "calendar_server.realtime", "flask")
    assert not {name for name in imports_of("migrate_to_dynamodb") if name.startswith(edges)}
