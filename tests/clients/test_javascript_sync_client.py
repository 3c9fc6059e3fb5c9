"""The JavaScript client's own tests, run by Node.js."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from clients.javascript import require

TESTS = Path(__file__).parent / "js"

pytestmark = pytest.mark.node


@pytest.mark.parametrize("name", ["following.test.mjs", "presence.test.mjs", "writing.test.mjs"])
def test_with_node(name: str) -> None:
    require("node")
    command = ["node", "--test", "--test-reporter=tap", name]
    ran = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout[-5_000:] + ran.stderr
    assert "# pass 0" not in ran.stdout, ran.stdout
