"""Runs ``deploy-dynamodb.sh`` with the real AWS CLI against a double of CloudFormation and what it makes."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import yaml
from deploy.hosted import BIN
from deploy.stack_template import REGION, TEMPLATE
from doubles import FAKE_CREDENTIALS

from calendar_server.config import Settings

SCRIPT = TEMPLATE.parent / "deploy-dynamodb.sh"
WAITING = "몇 분 걸릴 수 있습니다 / This may take some minutes ..."
"""What the script says before it waits for CloudFormation."""
SERVICES = "cloudformation,dynamodb,cloudwatch,logs,iam,sns,sts"
UNKNOWN_TO_THE_DOUBLE = ("AWS::Logs::MetricFilter",)
"""Resource types on demand that ministack cannot make; with any other, its deployment fails and so does the test."""
AUTO_SCALING = ("AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy")
"""Resource types of provisioned capacity that it cannot make either."""


def for_the_double(folder: Path, unknown: Iterable[str] = UNKNOWN_TO_THE_DOUBLE) -> Path:
    """The script in ``folder`` beside a copy of the template without the ``unknown``, which the double cannot make."""
    folder.mkdir(parents=True)
    text = TEMPLATE.read_text(encoding="utf-8")
    for kind in unknown:
        text, count = re.subn(rf"^  \w+:\n    Type: {kind}\n(?:    .*\n)+", "", text, flags=re.MULTILINE)
        assert count > 0, kind
    (folder / TEMPLATE.name).write_text(text, encoding="utf-8")
    return Path(shutil.copy(SCRIPT, folder))


class Deployment:
    """A script, the account that it deploys to, and what may stand between them."""

    def __init__(self, script: Path, endpoint: str) -> None:
        self.script = script
        self.endpoint = endpoint

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """What the script answers; ``variables`` come on top of credentials, region and the account's address."""
        environ = {
            **FAKE_CREDENTIALS,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "HOME": str(self.script.parent),
            "LANG": "C.UTF-8",
            "PATH": f"{BIN}:{os.environ['PATH']}",
            **variables,
        }
        command = [str(self.script), *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=110, check=False)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def status(self, stack: str = "dallyeok-development") -> str:
        """The stack's state, ``absent`` where there is none."""
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        return str(next((each["StackStatus"] for each in stacks if each["StackName"] == stack), "absent"))

    def settings(self, stack: str = "dallyeok-development") -> Settings:
        """Settings of a server on the stack's tables, their names as its outputs give them."""
        names = {each["Description"].lower(): each["OutputValue"] for each in self.outputs(stack).values()}
        tables = {name: value for name, value in names.items() if name.endswith("_table")}
        return Settings(
            store="dynamodb", aws_region=REGION, dynamodb_endpoint_url=self.endpoint, local_credentials=True, **tables
        )

    def outputs(self, stack: str = "dallyeok-development") -> dict[str, Mapping[str, str]]:
        (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {each["OutputKey"]: each for each in found["Outputs"]}


class _Front(BaseHTTPRequestHandler):
    """Passes on every request, and says of every stack that it is in ``server.state``."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        behind = http.client.HTTPConnection(*self.server.behind, timeout=60)  # type: ignore[attr-defined]
        behind.request("POST", self.path, body, dict(self.headers))
        answer = behind.getresponse()
        text = re.sub(rb"(<StackStatus>)\w+", rb"\g<1>" + self.server.state.encode(), answer.read())  # type: ignore[attr-defined]
        behind.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Nothing: the test's output is its own."""


@contextmanager
def pretending(deployment: Deployment, state: str) -> Iterator[Deployment]:
    """The same account, in which every stack is in ``state``."""
    address = urlsplit(deployment.endpoint)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Front) as server:
        server.behind, server.state = (address.hostname, address.port), state  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Deployment(deployment.script, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


def parameters_in_the_template() -> set[str]:
    """Names of the template's parameters, read without knowing its functions."""
    text = TEMPLATE.read_text(encoding="utf-8")
    section = text[text.index("\nParameters:") : text.index("\nMappings:")]
    section = re.sub(r"^#.*\n", "", section, flags=re.MULTILINE)
    return set(yaml.safe_load(section)["Parameters"])
