"""The files that run the server on hosts and in containers: what linters say, and what must hold between them."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from deploy.hosted import BIN, SECRET_KEY, code_in, surroundings
from deploy.hosting_files import (
    BEANSTALK,
    DEPLOY,
    ENVIRONMENT_FILE,
    ROOT,
    beanstalk_options,
    compose,
    compose_nginx,
    image_command,
    image_environment,
    image_files,
    image_health_check,
    instructions,
    need,
    procfile,
    unit_environment,
    unit_values,
)
from deploy.stack_template import Stack

from calendar_server.config import VARIABLES

SCRIPTS = [
    BEANSTALK / "bundle.sh",
    BEANSTALK / ".platform" / "hooks" / "prebuild" / "10_limits.sh",
    ROOT / "deploy" / "systemd" / "as-server.sh",
]
OPTIONS = BEANSTALK / ".ebextensions" / "options.config"
SITE = BEANSTALK / "site.config.example"
PROPERTIES = "aws:elasticbeanstalk:application:environment"
PROCESS = "aws:elasticbeanstalk:environment:process:default"
SERVICES: dict[str, Any] = compose({"SECRET_KEY": SECRET_KEY})["services"]
OWN_SERVICES = {name: service for name, service in SERVICES.items() if service["image"] == "dallyeok"}
CONFIGURATIONS = [
    DEPLOY / "proxy" / "nginx.conf",
    DEPLOY / "nginx" / "several-workers.conf",
    BEANSTALK / ".platform" / "nginx" / "nginx.conf",
]
WORKERS = ("worker-1", "worker-2")
PING_SECONDS = 25


@pytest.fixture(scope="module")
def gunicorn_settings() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "gunicorn.conf.py"))


def ran(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=60, check=False, **options
    )


def test_hadolint_has_nothing_to_say_of_the_dockerfile() -> None:
    linter = BIN / "hadolint"
    if not linter.exists():
        need("hadolint", "Dockerfiles are checked with it (requirements-dev.txt has it for Linux)")
    checked = ran(linter if linter.exists() else "hadolint", ROOT / "Dockerfile")
    assert checked.returncode == 0, checked.stdout


def test_the_compose_file_fits_the_compose_specification() -> None:
    checked = ran(
        sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / "compose.yaml"
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say_of_the_scripts(script: Path) -> None:
    checked = ran(BIN / "shellcheck", script)
    assert checked.returncode == 0, checked.stdout
    assert os.access(script, os.X_OK)


class TestImage:
    def test_it_is_pinned_runs_as_nobody_in_particular_and_keeps_no_cache(self) -> None:
        text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
        bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
        assert all(re.fullmatch(r"python:3\.12\.\d+-slim-bookworm", base) for base in bases)
        (user,) = instructions("USER")
        assert int(user.partition(":")[0]) >= 1000
        assert "--no-cache-dir" in text
        assert instructions("STOPSIGNAL") == ["SIGTERM"]

    def test_gunicorn_takes_the_place_of_the_shell_and_gets_its_signals(self) -> None:
        shell, option, script = image_command()
        assert (shell, option) == ("sh", "-c")
        assert script.startswith("exec gunicorn ")
        assert image_health_check()[:2] == ["python", "-c"]
        assert "/healthz" in image_health_check()[2]

    def test_it_listens_and_is_asked_for_its_health_on_its_port(self) -> None:
        assert "--bind 0.0.0.0:$PORT " in image_command()[2]
        assert "os.environ['PORT']" in image_health_check()[2]
        assert instructions("EXPOSE") == [image_environment()["PORT"]]

    def test_what_it_copies_is_all_that_the_build_is_given(self) -> None:
        lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if not line.startswith(("#", "!"))] == ["*", "**/__pycache__"]
        admitted = {line[1:] for line in lines if line.startswith("!")}
        assert admitted == {*(name.removeprefix("./") for name in image_files()), "requirements.txt"}
        assert all((ROOT / name).exists() for name in admitted)

    def test_its_data_lies_in_the_volume_that_its_user_owns(self) -> None:
        (volume,) = instructions("VOLUME")
        assert image_environment()["EMBEDDED_PATH"].startswith(f"{volume}/")
        assert any(f"--owner=calendar --group=calendar --mode=0700 {volume}" in rest for rest in instructions("RUN"))

    def test_its_files_have_the_same_places_as_in_the_repository(self) -> None:
        for words in (rest.split() for rest in instructions("COPY") if "--from" not in rest):
            assert words[-1] == "./" or words == [words[0]] * 2

    def test_it_can_estimate_costs_with_the_prices_that_it_holds(self, tmp_path: Path) -> None:
        assert estimated(code_in(tmp_path / "code", image_files())).returncode == 0


class TestCompose:
    def test_every_image_has_a_version(self) -> None:
        others = [service["image"] for service in SERVICES.values() if service["image"] != "dallyeok"]
        assert len(others) == 3
        assert all(re.search(r":\d+\.\d+\.\d+", image) for image in others)

    def test_nothing_of_it_is_reached_from_other_machines(self) -> None:
        ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
        assert len(ports) == 3
        assert all(port.startswith("127.0.0.1:") for port in ports)

    def test_each_profile_holds_what_it_needs(self) -> None:
        for service in SERVICES.values():
            needed = service.get("depends_on", [])
            assert all(SERVICES[name]["profiles"] == service["profiles"] for name in needed)
        assert "profiles" not in SERVICES["server"]

    @pytest.mark.parametrize("name", OWN_SERVICES)
    def test_each_server_is_confined_and_has_time_to_stop(self, name: str, gunicorn_settings: dict[str, Any]) -> None:
        service = OWN_SERVICES[name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert int(service["stop_grace_period"].removesuffix("s")) > gunicorn_settings["graceful_timeout"] + 1
        assert service["ulimits"]["nofile"] > 2 * gunicorn_settings["worker_connections"]

    def test_it_does_not_start_without_a_secret(self) -> None:
        with pytest.raises(AssertionError, match="long random text"):
            compose({})

    def test_ports_lead_to_the_ones_that_the_servers_listen_on(self) -> None:
        (server, double) = (SERVICES[name]["ports"] for name in ("server", "dynamodb-server"))
        assert {port.split(":")[2] for port in [*server, *double]} == {image_environment()["PORT"]}

    def test_the_workers_differ_in_their_ports_alone(self) -> None:
        first, second = ({**SERVICES[name], "environment": None} for name in WORKERS)
        assert first == second
        first, second = (dict(SERVICES[name]["environment"]) for name in WORKERS)
        assert first.pop("PORT") != second.pop("PORT")
        assert first == second

    def test_nginx_finds_each_worker_by_the_port_that_its_sessions_are_named_by(self) -> None:
        text = compose_nginx()
        places = {f"{name}:{SERVICES[name]['environment']['PORT']}" for name in WORKERS}
        (shared,) = re.findall(r"upstream workers {(.*?)}", text, re.DOTALL)
        assert set(re.findall(r"server (\S+:\d+) ", shared)) == places
        own = dict(re.findall(r"upstream (worker_\d+) {\s+server (\S+:\d+);\s+}", text))
        led = dict(re.findall(r"~\^(\d+)\\\.\s+(\w+);", text))
        assert {f"{own[name].split(':')[0]}:{port}" for port, name in led.items()} == places == set(own.values())


def estimated(folder: Path) -> subprocess.CompletedProcess[str]:
    """What ``flask estimate`` says in ``folder``."""
    numbers = ["--departments", "1", "--writes-per-day", "1", "--viewers", "1"]
    return ran(BIN / "flask", "estimate", *numbers, cwd=folder, env=surroundings({}))


class TestBeanstalk:
    def test_what_the_load_balancer_does_fits_the_server(self) -> None:
        options = beanstalk_options(OPTIONS)
        idle_seconds = int(options["aws:elbv2:loadbalancer"]["IdleTimeout"])
        assert idle_seconds > 2 * PING_SECONDS
        nginx = (BEANSTALK / ".platform" / "nginx" / "nginx.conf").read_text(encoding="utf-8")
        assert int(re.findall(r"keepalive_timeout (\d+)s", nginx)[0]) > idle_seconds
        assert options[PROCESS]["StickinessEnabled"] == "true"

    def test_every_value_is_text_as_the_platform_wants_it(self) -> None:
        for file in (OPTIONS, SITE):
            values = [value for settings in beanstalk_options(file).values() for value in settings.values()]
            assert values
            assert all(isinstance(value, str) for value in values)

    def test_the_hook_raises_the_limits_of_the_service_that_runs_the_procfile(self, tmp_path: Path) -> None:
        (name,) = procfile()
        called = tmp_path / "called"
        systemctl = tmp_path / "systemctl"
        systemctl.write_text(f'#!/bin/sh\necho "$@" > {called}\n')
        systemctl.chmod(0o755)
        environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "UNIT_DIRECTORY": str(tmp_path)}
        for _ in range(2):
            assert ran(SCRIPTS[1], env=environ).returncode == 0
        drop_in = tmp_path / f"{name}.service.d" / "50-dallyeok.conf"
        assert unit_values("LimitNOFILE", drop_in) == unit_values("LimitNOFILE")
        assert unit_values("TimeoutStopSec", drop_in) == unit_values("TimeoutStopSec")
        assert called.read_text() == "daemon-reload\n"

    def test_the_bundle_holds_all_that_the_server_and_its_tools_need(self, tmp_path: Path) -> None:
        archive = tmp_path / "bundle.zip"
        assert ran(SCRIPTS[0], SITE, archive).returncode == 0
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(tmp_path / "bundle")
        held = {str(path.relative_to(tmp_path / "bundle")) for path in (tmp_path / "bundle").rglob("*")}
        assert {name.removeprefix("./").rstrip("/") for name in image_files()} <= held
        assert {"Procfile", "requirements.txt", ".ebextensions/site.config", ".platform/nginx/nginx.conf"} <= held
        assert estimated(tmp_path / "bundle").returncode == 0

    def test_the_bundle_asks_for_the_site_configuration(self, tmp_path: Path) -> None:
        refused = ran(SCRIPTS[0], tmp_path / "none.config", tmp_path / "bundle.zip")
        assert refused.returncode == 2
        assert "site.config.example" in refused.stderr
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_nginx_admits_the_sockets_passes_websockets_and_outlasts_their_pings(configuration: Path) -> None:
    text = configuration.read_text(encoding="utf-8")
    (connections,) = re.findall(r"worker_connections (\d+);", text)
    (files,) = re.findall(r"worker_rlimit_nofile (\d+);", text)
    assert int(connections) > 20_000
    assert int(files) > int(connections)
    assert re.search(r"proxy_set_header Upgrade +\$http_upgrade;", text)
    assert re.search(r"proxy_set_header Connection +\$connection_upgrade;", text)
    assert re.search(r"location \^~ /metrics {\s+return 404;", text)
    assert all(int(seconds) > 2 * PING_SECONDS for seconds in re.findall(r"proxy_read_timeout +(\d+)s", text))


def test_caddy_outlasts_the_pings_and_long_polls() -> None:
    text = (DEPLOY / "proxy" / "Caddyfile").read_text(encoding="utf-8")
    (seconds,) = re.findall(r"response_header_timeout (\d+)s", text)
    assert int(seconds) > 2 * PING_SECONDS
    assert "flush_interval -1" in text


def variables_of_all_hosts() -> dict[str, set[str]]:
    beanstalk = {name for file in (OPTIONS, SITE) for name in beanstalk_options(file)[PROPERTIES]}
    return {
        "image": set(image_environment()),
        "systemd": set(unit_environment()),
        "beanstalk": beanstalk,
        **{name: set(service["environment"]) for name, service in OWN_SERVICES.items()},
    }


@pytest.mark.parametrize("host", variables_of_all_hosts())
def test_every_variable_of_a_host_is_one_that_the_server_reads(host: str) -> None:
    known = {*VARIABLES, "PORT", "PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert variables_of_all_hosts()[host] - known == set()


def test_as_many_proxies_are_trusted_as_stand_in_front() -> None:
    trusted = [unit_environment()["TRUSTED_PROXIES"], beanstalk_options(OPTIONS)[PROPERTIES]["TRUSTED_PROXIES"]]
    trusted += [SERVICES[name]["environment"]["TRUSTED_PROXIES"] for name in WORKERS]
    assert trusted == ["1", "2", "1", "1"], "nginx; the load balancer and nginx; nginx"
    assert SERVICES["server"]["environment"]["TRUSTED_PROXIES"] == "0"


def test_no_host_on_aws_is_given_keys() -> None:
    hosts = variables_of_all_hosts()
    for host in ("image", "systemd", "beanstalk"):
        assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"} & hosts[host]
    assert "SECRET_KEY" not in hosts["beanstalk"]
    (address,) = beanstalk_options(SITE)["aws:elasticbeanstalk:application:environmentsecrets"].values()
    assert address.startswith("arn:aws:secretsmanager:")
    assert "SECRET_KEY=\n" in ENVIRONMENT_FILE.read_text(encoding="utf-8")


def test_the_examples_name_the_tables_as_the_script_makes_them() -> None:
    (prefix,) = re.findall(r"DALLYEOK_PREFIX-([\w-]+)\}", (DEPLOY / "aws" / "deploy-dynamodb.sh").read_text("utf-8"))
    outputs = Stack(Prefix=prefix).outputs.values()
    made = {each["Description"]: each["Value"] for each in outputs if each.get("Description", "").endswith("_TABLE")}
    assert len(made) == 4
    assert made.items() <= unit_environment().items()
    assert made.items() <= beanstalk_options(SITE)[PROPERTIES].items()


def test_every_host_starts_the_server_alike() -> None:
    (unit,) = unit_values("ExecStart")
    image = image_command()[2].removeprefix("exec ")
    commands = [shlex.split(line) for line in (image, unit, procfile()["web"])]
    assert {(Path(command[0]).name, *command[1:6]) for command in commands} == {
        ("gunicorn", "--worker-class", "eventlet", "-w", "1", "app:app")
    }
