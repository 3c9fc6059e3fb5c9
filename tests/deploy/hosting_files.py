"""What the files under deploy/, the Dockerfile and compose.yaml say, as a container engine or systemd would read it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "systemd" / "calendar@.service"
ENVIRONMENT_FILE = DEPLOY / "systemd" / "calendar.env.example"
BEANSTALK = DEPLOY / "beanstalk"
Instruction = tuple[str, str]


def need(program: str, purpose: str) -> str:
    """Where ``program`` lies; the test is skipped without it, and fails in continuous integration."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        reason = f"{program} not found: {purpose}"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    return found


def dockerfile() -> list[Instruction]:
    """Name and arguments of every instruction of the last stage."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    found = [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines if line.strip())]
    last_stage = max(index for index, (name, _) in enumerate(found) if name == "FROM")
    return found[last_stage:]


def instructions(name: str) -> list[str]:
    """The arguments of every instruction ``name``."""
    return [rest for found, rest in dockerfile() if found == name]


def image_command() -> list[str]:
    """The image's CMD."""
    (command,) = instructions("CMD")
    return list(json.loads(command))


def image_health_check() -> list[str]:
    """The command that the image's HEALTHCHECK runs."""
    (check,) = instructions("HEALTHCHECK")
    return list(json.loads(check.partition(" CMD ")[2]))


def image_environment() -> dict[str, str]:
    """The image's ENV."""
    return dict(word.split("=", 1) for rest in instructions("ENV") for word in shlex.split(rest))


def image_files() -> list[str]:
    """What the image takes from the repository."""
    return [name for rest in instructions("COPY") if "--from" not in rest for name in shlex.split(rest)[:-1]]


def compose(environ: dict[str, str]) -> dict[str, Any]:
    """compose.yaml with the variables of ``environ`` put in."""
    return dict(_filled(yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8")), environ))


def _filled(node: Any, environ: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, environ) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, environ) for value in node]
    if not isinstance(node, str):
        return node

    def value(match: re.Match[str]) -> str:
        given = environ.get(match[1], "")
        assert given or match[2] != "?", match[3]
        return given or (match[3] if match[2] == "-" else "")

    return re.sub(r"\$\{(\w+)(?::([-?])([^}]*))?\}", value, node)


def procfile() -> dict[str, str]:
    """The commands of Beanstalk's Procfile by the names of their processes."""
    lines = (BEANSTALK / "Procfile").read_text(encoding="utf-8").splitlines()
    return dict(re.fullmatch(r"([A-Za-z0-9_-]+):\s*(\S.*)", line).groups() for line in lines)  # type: ignore[union-attr]


def beanstalk_options(file: Path) -> dict[str, dict[str, str]]:
    """The option settings of ``file`` by namespace."""
    return dict(yaml.safe_load(file.read_text(encoding="utf-8"))["option_settings"])


def unit_values(key: str, unit: Path = UNIT, instance: str = "8000") -> list[str]:
    """Every value that ``key`` has in ``unit``, as ``instance`` has it."""
    lines = unit.read_text(encoding="utf-8").splitlines()
    return [line.split("=", 1)[1].replace("%i", instance) for line in lines if line.startswith(f"{key}=")]


def unit_environment() -> dict[str, str]:
    """What systemd gives the server: the unit's variables under those of the environment file."""
    words = [word for value in unit_values("Environment") for word in shlex.split(value)]
    lines = [line for line in ENVIRONMENT_FILE.read_text(encoding="utf-8").splitlines() if re.match(r"[A-Z]", line)]
    return dict(word.split("=", 1) for word in [*words, *lines])


def compose_nginx() -> str:
    """The configuration that nginx of the profile "scale" writes for itself before it starts."""
    service = compose({"SECRET_KEY": "x"})["services"]["nginx"]
    source, target, _mode = service["volumes"][0].split(":")
    shell, option, script = service["command"]
    rewriting, _, starting = script.partition(" > /etc/nginx/nginx.conf && ")
    assert starting == "exec nginx -g 'daemon off;'"
    command = [shell, option, rewriting.replace(target, str(ROOT / source))]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
