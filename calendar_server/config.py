"""The server's settings, read once from the environment.

:meth:`Settings.load` is the only reader of the environment; everything else takes a :class:`Settings`. ``.env.example``
shows each variable, and a test keeps it and :data:`VARIABLES` together.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import parse_qs, urlsplit

from dotenv import dotenv_values

from calendar_server.errors import ConfigurationError

StoreKind = Literal["embedded", "dynamodb"]
FanoutKind = Literal["direct", "stock"]
BillingMode = Literal["on-demand", "provisioned"]
LOCAL_REGION = "ap-northeast-2"

AWS_CREDENTIAL_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
"""Any of these set means that AWS credentials are configured (AWS SDKs reference, "Standardized credential providers")."""

VARIABLES = (
    "FLASK_ENV",
    "SECRET_KEY",
    "STORE",
    "EMBEDDED_PATH",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "DYNAMODB_ENDPOINT_URL",
    "DEPARTMENTS_TABLE",
    "EVENTS_TABLE",
    "CHANGES_TABLE",
    "RECORDS_TABLE",
    "DYNAMODB_BILLING_MODE",
    "HOLIDAYS_FILE",
    "TRUSTED_HOSTS",
    "CORS_ORIGINS",
    "TRUSTED_PROXIES",
    "MESSAGE_QUEUE",
    "FANOUT",
    "METRICS",
    "LOG_LEVEL",
    "LOG_FORMAT",
)
"""Every variable that the server itself understands, in the order of ``.env.example``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings with their meaning; the variable of each is its name in capitals, unless noted."""

    production: bool = False
    """FLASK_ENV=production"""
    secret_key: str | None = field(default=None, repr=False)
    """Signs what clients must not forge. Where it is not set (development only), a text that the store keeps does."""
    store: StoreKind = "embedded"
    embedded_path: Path = Path("data/calendar.sqlite3")
    aws_region: str | None = None
    """AWS_REGION or AWS_DEFAULT_REGION; None leaves it to boto3's own configuration."""
    local_credentials: bool = False
    """True where a double on this machine is addressed and no credentials are configured: any will do."""
    dynamodb_endpoint_url: str | None = None
    departments_table: str = "departments"
    events_table: str = "events"
    changes_table: str = "calendar-changes"
    records_table: str = "calendar-records"
    billing_mode: BillingMode = "on-demand"
    """DYNAMODB_BILLING_MODE"""
    holidays_file: Path | None = None
    """Holidays that the administrator adds to the statutory ones, and takes from them."""
    trusted_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: int = 0
    """How many proxies in front may be believed about the client's address, host and scheme."""
    message_queue: str | None = field(default=None, repr=False)
    """The URL of the Redis or Valkey over which several processes tell one another of changes; it may hold a password."""
    fanout: FanoutKind = "direct"
    """``stock`` leaves sockets to the libraries' own code, which costs several times as much for each message."""
    metrics: bool = True
    """METRICS=on or off: whether /metrics answers Prometheus."""
    log_level: str = "INFO"
    log_json: bool = False
    """LOG_FORMAT=json; the default in production."""

    @classmethod
    def load(cls, *, serving: bool = True) -> Settings:
        """From the process's environment, completed by ``.env`` in the working directory.

        What ``.env`` adds is put into the environment, where boto3 looks for AWS settings. A name with nothing behind
        it counts as absent: boto3 would take an empty AWS_PROFILE for a profile without a name.
        """
        for name, value in _dotenv(Path.cwd() / ".env").items():
            if value:
                os.environ.setdefault(name, value)
        return cls.from_env(os.environ, serving=serving)

    @classmethod
    def from_env(cls, environ: Mapping[str, str], *, serving: bool = True) -> Settings:
        """From ``environ``; what only a running server needs in production is not asked of a tool (``serving=False``).

        :raises ConfigurationError: with a sentence for every mistake.
        """
        return _Reader(environ).settings(serving)


_DEFAULTS = Settings()


class _Reader:
    """Reads one variable after the other and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def settings(self, serving: bool) -> Settings:
        production = self.choice("FLASK_ENV", ("development", "production", "testing"), "development") == "production"
        endpoint = self.url("DYNAMODB_ENDPOINT_URL")
        region = self.text("AWS_REGION") or self.text("AWS_DEFAULT_REGION") or (LOCAL_REGION if endpoint else None)
        found: dict[str, Any] = {
            "production": production,
            "store": self.store(production and serving, endpoint),
            "embedded_path": Path(self.text("EMBEDDED_PATH") or _DEFAULTS.embedded_path).absolute(),
            "aws_region": region,
            "local_credentials": _is_loopback(endpoint) and not self.has_credentials(),
            "dynamodb_endpoint_url": endpoint,
            "departments_table": self.text("DEPARTMENTS_TABLE") or _DEFAULTS.departments_table,
            "events_table": self.text("EVENTS_TABLE") or _DEFAULTS.events_table,
            "changes_table": self.text("CHANGES_TABLE") or _DEFAULTS.changes_table,
            "records_table": self.text("RECORDS_TABLE") or _DEFAULTS.records_table,
            "billing_mode": self.choice("DYNAMODB_BILLING_MODE", ("on-demand", "provisioned"), "on-demand"),
            "holidays_file": self.path("HOLIDAYS_FILE"),
            "trusted_hosts": self.items("TRUSTED_HOSTS", _host_problem),
            "cors_origins": self.items("CORS_ORIGINS", _origin_problem),
            "trusted_proxies": self.count("TRUSTED_PROXIES"),
            "message_queue": self.queue_url(),
            "fanout": self.choice("FANOUT", ("direct", "stock"), "direct"),
            "metrics": self.choice("METRICS", ("on", "off"), "on") == "on",
            "log_level": self.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
            "log_json": self.choice("LOG_FORMAT", ("text", "json"), "json" if production else "text") == "json",
        }
        if secret_key := self.secret_key(production and serving):
            found["secret_key"] = secret_key
        self.check_tables(found)
        if self.problems:
            raise ConfigurationError(self.problems)
        return Settings(**found)

    def text(self, name: str) -> str | None:
        return self.environ.get(name, "").strip() or None

    def path(self, name: str) -> Path | None:
        value = self.text(name)
        return Path(value).absolute() if value else None

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name) or default
        for choice in choices:
            if value.lower() == choice.lower():
                return choice
        self.problems.append(
            f"{name}={value!r}: {', '.join(choices)} 중 하나여야 합니다. / must be one of {', '.join(choices)}"
        )
        return default

    def count(self, name: str) -> int:
        value = self.text(name) or "0"
        if value.isascii() and value.isdigit() and len(value) <= 2 and int(value) <= 10:
            return int(value)
        self.problems.append(f"{name}={value!r}: 0부터 10까지의 정수여야 합니다. / must be a whole number from 0 to 10")
        return 0

    def url(self, name: str) -> str | None:
        value = self.text(name)
        if value and not (value.startswith(("http://", "https://")) and _host_of(value)):
            self.problems.append(
                f"{name}={value!r}: http://127.0.0.1:8001 같은 주소여야 합니다. / "
                "must be an address such as http://127.0.0.1:8001"
            )
            return None
        return value

    def queue_url(self) -> str | None:
        value = self.text("MESSAGE_QUEUE")
        if value is None:
            return None
        if _is_queue_url(value):
            return value
        self.problems.append(
            "MESSAGE_QUEUE는 redis://127.0.0.1:6379/0, rediss://..., unix:///run/redis.sock 같은 주소여야 합니다. / "
            "MESSAGE_QUEUE must be an address such as redis://127.0.0.1:6379/0, rediss://... or unix:///run/redis.sock"
        )
        return None

    def items(self, name: str, problem_of: Callable[[str], str | None]) -> tuple[str, ...]:
        items = tuple(item.strip().lower() for item in (self.text(name) or "").split(",") if item.strip())
        self.problems += [f"{name}: {item!r}{problem}" for item in items if (problem := problem_of(item))]
        return items

    def has_credentials(self) -> bool:
        """True where AWS credentials are configured: by a variable, or in the file that ``aws configure`` writes."""
        if any(self.text(name) for name in AWS_CREDENTIAL_VARIABLES):
            return True
        home = Path(self.text("HOME") or "/nonexistent")
        return Path(self.text("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials").is_file()

    def store(self, production: bool, endpoint: str | None) -> StoreKind:
        if self.text("STORE"):
            return cast(StoreKind, self.choice("STORE", ("embedded", "dynamodb"), "embedded"))
        if production:
            self.problems.append(
                "STORE가 지정되지 않았습니다. 운영 환경에서는 STORE=dynamodb 또는 STORE=embedded로 지정하세요. / "
                "STORE is not set: in production say STORE=dynamodb or STORE=embedded"
            )
        return "dynamodb" if endpoint or self.has_credentials() else "embedded"

    def secret_key(self, production: bool) -> str | None:
        value = self.text("SECRET_KEY")
        if production and value is None:
            self.problems.append(
                "SECRET_KEY가 지정되지 않았습니다. 운영 환경에서는 길고 무작위인 값을 지정하세요. / "
                "SECRET_KEY is not set: in production set it to a long random text, for example the output of "
                "python -c 'import secrets; print(secrets.token_hex(32))'"
            )
        elif value is not None and len(value) < 16:
            self.problems.append(
                "SECRET_KEY가 너무 짧습니다(16자 이상). / SECRET_KEY is too short: at least 16 characters"
            )
        return value

    def check_tables(self, found: Mapping[str, Any]) -> None:
        names = [found[key] for key in ("departments_table", "events_table", "changes_table", "records_table")]
        if len(set(names)) < len(names):
            self.problems.append(
                "DEPARTMENTS_TABLE, EVENTS_TABLE, CHANGES_TABLE, RECORDS_TABLE은 서로 다른 테이블이어야 합니다. / "
                "DEPARTMENTS_TABLE, EVENTS_TABLE, CHANGES_TABLE and RECORDS_TABLE must be four different tables"
            )


def _dotenv(path: Path) -> Mapping[str, str | None]:
    """The settings in ``path``, none where there is no such file; a byte order mark, as Windows writes it, is skipped.

    :raises ConfigurationError: the file cannot be read, or not as UTF-8.
    """
    try:
        return dotenv_values(path, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            [f"{path}: 읽을 수 없습니다({error}). UTF-8 텍스트로 저장하세요. / cannot be read: save it as UTF-8 text"]
        ) from error


def _is_loopback(url: str | None) -> bool:
    return _host_of(url or "") in ("localhost", "127.0.0.1", "::1")


def _host_of(url: str) -> str | None:
    """The host in ``url``; None where there is none, or brackets or a port that no URL can have."""
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.port != 0 else None
    except ValueError:
        return None


def _is_queue_url(url: str) -> bool:
    """Options behind a question mark would override time limits and more; those of TLS name certificates."""
    address, _, options = url.partition("?")
    scheme, _, rest = address.partition("://")
    if any(not option.startswith("ssl_") or scheme != "rediss" for option in parse_qs(options, True)):
        return False
    if scheme == "unix":
        return "/" in rest and not rest.endswith("/") and "#" not in url
    path = urlsplit(address).path if _host_of(address) else "none"
    return scheme in ("redis", "rediss") and re.fullmatch(r"/?|/\d{1,4}", path) is not None and "#" not in url


def _host_problem(host: str) -> str | None:
    bare = host.removeprefix(".")
    if not bare or any(c in bare for c in "/:@ *"):
        return (
            "은(는) calendar.example.com 같은 호스트 이름이나, 그 아래 모두를 뜻하는 .example.com이어야 합니다. / "
            "must be a bare host name such as calendar.example.com, or .example.com for all below it"
        )
    return None


def _origin_problem(origin: str) -> str | None:
    scheme, _, host = origin.partition("://")
    if scheme not in ("http", "https") or any(c in host for c in "/?#@") or not _host_of(origin):
        return "은(는) https://calendar.example.com 같은 출처여야 합니다. / must be an origin such as https://calendar.example.com"
    return None
