"""Elastic Beanstalk's source bundle, unpacked and started as the platform does it, behind the nginx that it brings."""

from __future__ import annotations

import shlex
import subprocess
import zipfile
from pathlib import Path

import pytest
import requests
from deploy.conversing import check_refusals, check_restart, converse
from deploy.hosted import NAME, SECRET_KEY, STOP_SECONDS, Certificates, Fronted, nginx, on_port, started
from deploy.hosting_files import BEANSTALK, beanstalk_options, procfile
from functional.serving import free_port

pytestmark = pytest.mark.functional


def platform_files(folder: Path) -> None:
    """What the platform itself puts beside nginx.conf, in the form that its documentation shows."""
    (folder / "conf.d" / "elasticbeanstalk").mkdir(parents=True)
    (folder / "conf.d" / "healthd_logformat.conf").write_text(
        'log_format healthd \'$msec"$uri"$status"$request_time\';\n'
    )
    (folder / "conf.d" / "elasticbeanstalk" / "healthd.conf").write_text(f"access_log {folder}/healthd.log healthd;\n")
    (folder / "conf.d" / "elasticbeanstalk" / "00_application.conf").write_text("location / { return 500; }\n")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    archive = tmp_path / "bundle.zip"
    command = [str(BEANSTALK / "bundle.sh"), str(BEANSTALK / "site.config.example"), str(archive)]
    assert subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture
def environ(bundle: Path, aws: dict[str, str]) -> dict[str, str]:
    namespace = "aws:elasticbeanstalk:application:environment"
    files = [beanstalk_options(bundle / ".ebextensions" / name) for name in ("options.config", "site.config")]
    return {**files[0][namespace], **files[1][namespace], **aws, "SECRET_KEY": SECRET_KEY}


def test_an_instance_serves_behind_a_load_balancer(
    bundle: Path, environ: dict[str, str], tmp_path: Path, certificates: Certificates
) -> None:
    port, front, folder = free_port(), free_port(), tmp_path / "nginx"
    command = on_port(shlex.split(procfile()["web"]), port)
    text = (bundle / ".platform" / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    platform_files(folder)
    for old, new in [
        ("127.0.0.1:8000;", f"127.0.0.1:{port};"),
        ("listen     80 default_server;", f"listen 127.0.0.1:{front} default_server;"),
        ("user                 nginx;", ""),
        ("/var/run/nginx.pid", f"{folder}/nginx.pid"),
        ("/var/log/nginx", str(folder)),
    ]:
        assert old in text
        text = text.replace(old, new)
    with started(command, environ, bundle, port) as server, nginx(text, folder, front):
        fronted = Fronted(server, f"http://{NAME}:{front}")
        converse(fronted)
        check_refusals(fronted)
        check_balancer(fronted)
        assert '"/api/departments"' in (folder / "healthd.log").read_text(encoding="utf-8")
        check_restart(fronted, STOP_SECONDS)


def check_balancer(fronted: Fronted) -> None:
    """Its health check is answered under an address and without its headers; who came by http is sent to https."""
    process = beanstalk_options(BEANSTALK / ".ebextensions" / "options.config")
    path = process["aws:elasticbeanstalk:environment:process:default"]["HealthCheckPath"]
    health = requests.get(fronted.url.replace(NAME, "127.0.0.1") + path, timeout=10)
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    by_http = {"X-Forwarded-Proto": "http"}
    sent_away = requests.get(f"{fronted.url}/api/docs", headers=by_http, allow_redirects=False, timeout=10)
    assert (sent_away.status_code, sent_away.headers["Location"]) == (301, f"https://{NAME}/api/docs")
    by_https = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    assert requests.get(f"{fronted.url}/api/docs", headers=by_https, timeout=10).status_code == 200
