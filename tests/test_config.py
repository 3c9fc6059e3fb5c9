"""The server's settings and where they come from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calendar_server.config import AWS_CREDENTIAL_VARIABLES, LOCAL_REGION, VARIABLES, Settings
from calendar_server.errors import ConfigurationError

EXAMPLE = Path(__file__).parent.parent / ".env.example"
SECRET = "0123456789abcdef"
PRODUCTION = {"FLASK_ENV": "production", "SECRET_KEY": SECRET, "STORE": "dynamodb"}


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An environment and a working directory of the test's own; what load() adds to it goes with the test."""
    monkeypatch.setattr(os, "environ", {"HOME": str(tmp_path / "home")})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(environ: dict[str, str], **options: bool) -> str:
    """Everything that is wrong with the settings in ``environ``."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env(environ, **options)
    return "\n".join(caught.value.problems)


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_env({})
    assert (settings.production, settings.store, settings.log_level, settings.log_json) == (
        False,
        "embedded",
        "INFO",
        False,
    )
    assert settings.embedded_path == Path("data/calendar.sqlite3").absolute()
    assert (settings.aws_region, settings.dynamodb_endpoint_url, settings.local_credentials) == (None, None, False)
    assert settings.departments_table == "departments"
    assert (settings.trusted_hosts, settings.cors_origins, settings.trusted_proxies) == ((), (), 0)


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("FLASK_ENV", "development", "production", False),
        ("FLASK_ENV", "Testing", "production", False),
        ("SECRET_KEY", SECRET, "secret_key", SECRET),
        ("STORE", "DynamoDB", "store", "dynamodb"),
        ("STORE", "embedded", "store", "embedded"),
        ("EMBEDDED_PATH", "/tmp/달력.sqlite3", "embedded_path", Path("/tmp/달력.sqlite3")),
        ("EMBEDDED_PATH", "x.db", "embedded_path", Path("x.db").absolute()),
        ("AWS_REGION", "us-east-1", "aws_region", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-2", "aws_region", "us-east-2"),
        ("DYNAMODB_ENDPOINT_URL", "http://127.0.0.1:8001", "dynamodb_endpoint_url", "http://127.0.0.1:8001"),
        ("DEPARTMENTS_TABLE", "d", "departments_table", "d"),
        ("EVENTS_TABLE", "e", "events_table", "e"),
        ("CHANGES_TABLE", "c", "changes_table", "c"),
        ("RECORDS_TABLE", "r", "records_table", "r"),
        ("DYNAMODB_BILLING_MODE", "Provisioned", "billing_mode", "provisioned"),
        ("HOLIDAYS_FILE", "/tmp/공휴일.json", "holidays_file", Path("/tmp/공휴일.json")),
        ("HOLIDAYS_FILE", "h.json", "holidays_file", Path("h.json").absolute()),
        ("TRUSTED_HOSTS", " Calendar.example.com, .corp.example ,", "trusted_hosts", ("calendar.example.com", ".corp.example")),
        ("CORS_ORIGINS", "https://a.example,http://b.example:8080", "cors_origins", ("https://a.example", "http://b.example:8080")),
        ("CORS_ORIGINS", "http://[::1]:3000", "cors_origins", ("http://[::1]:3000",)),
        ("TRUSTED_PROXIES", "2", "trusted_proxies", 2),
        *[("MESSAGE_QUEUE", value, "message_queue", value) for value in (
            "redis://127.0.0.1:6379/0", "redis://queue", "redis://user:p%40ss@queue:6380/15", "redis://[::1]:6379/",
            "rediss://queue:6379/0?ssl_ca_certs=/etc/queue.pem", "unix:///run/redis.sock", "unix://:pass@/run/redis.sock",
        )],
        ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("LOG_FORMAT", "json", "log_json", True),
    ],
)  # fmt: skip
def test_each_variable_sets_its_setting(name: str, value: str, field: str, expected: Any) -> None:
    assert getattr(Settings.from_env({name: value}), field) == expected


def test_a_name_with_nothing_behind_it_counts_as_absent() -> None:
    settings = Settings.from_env(dict.fromkeys(VARIABLES, "  "))
    assert vars_of(settings) == vars_of(Settings.from_env({}))


def vars_of(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__slots__}


def test_a_secret_is_nobodys_default_and_never_shown() -> None:
    assert Settings.from_env({}).secret_key is None
    assert SECRET not in repr(Settings.from_env({"SECRET_KEY": SECRET}))
    assert SECRET not in repr(Settings.from_env({"MESSAGE_QUEUE": f"redis://:{SECRET}@queue"}))
    assert SECRET not in problems({"MESSAGE_QUEUE": f"redis://:{SECRET}@queue:port"})


WRONG = {
    "FLASK_ENV": "prod",
    "SECRET_KEY": "short",
    "STORE": "postgres",
    "DYNAMODB_ENDPOINT_URL": "localhost:8001",
    "DYNAMODB_BILLING_MODE": "free",
    "TRUSTED_HOSTS": "https://a.example",
    "CORS_ORIGINS": "https://a.example/path",
    "TRUSTED_PROXIES": "-1",
    "MESSAGE_QUEUE": "queue:6379",
    "LOG_LEVEL": "loud",
    "LOG_FORMAT": "xml",
    "EVENTS_TABLE": "departments",
}


def test_every_mistake_is_named_at_once() -> None:
    told = problems(WRONG)
    assert all(name in told for name in WRONG)
    assert len(told.splitlines()) == len(WRONG)
    assert "short" not in told.replace("too short", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("TRUSTED_PROXIES", value) for value in ("11", "1.0", "two", "٣", "1" * 5000)],
        *[("TRUSTED_HOSTS", value) for value in ("*", "a.example:80", ".", "a b", "a@b", "*.example.com")],
        *[("CORS_ORIGINS", value) for value in ("*", "a.example", "null", "https://", "ftp://a", "https://a?x", "https://a/")],
        *[("CORS_ORIGINS", value) for value in ("http://[::1", "https://a:port", "https://a:99999", "https://u@a.example")],
        *[("MESSAGE_QUEUE", value) for value in ("redis://", "redis:///0", "http://queue", "amqp://queue", "redis://a:port")],
        *[("MESSAGE_QUEUE", value) for value in ("redis://a:99999", "redis://a/name", "redis://[::1", "redis://a/0#b")],
        *[("MESSAGE_QUEUE", value) for value in ("unix://", "unix://redis.sock", "unix:///", "unix:///run/a.sock?db=1")],
        *[("MESSAGE_QUEUE", f"redis://a?{option}") for option in ("socket_timeout=99", "decode_responses=true", "x", "ssl_a=b")],
        *[("DYNAMODB_ENDPOINT_URL", value) for value in ("http://", "http://[::1", "ftp://a", "http://a:port", "127.0.0.1")],
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_variable(name: str, value: str) -> None:
    told = problems({"TRUSTED_PROXIES": "0", name: value})
    assert name in told
    assert len(told.splitlines()) == 1


def test_production_must_say_where_data_lies_and_have_a_secret() -> None:
    told = problems({"FLASK_ENV": "production"})
    assert "STORE" in told
    assert "SECRET_KEY" in told
    assert "SECRET_KEY" in problems({**PRODUCTION, "SECRET_KEY": "a" * 15})
    settings = Settings.from_env(PRODUCTION)
    assert (settings.production, settings.store, settings.log_json) == (True, "dynamodb", True)
    assert not Settings.from_env({**PRODUCTION, "LOG_FORMAT": "text"}).log_json


def test_a_tool_needs_less_than_a_server_in_production() -> None:
    settings = Settings.from_env({"FLASK_ENV": "production"}, serving=False)
    assert settings.production
    assert settings.store == "embedded"
    assert "LOG_LEVEL" in problems({"FLASK_ENV": "production", "LOG_LEVEL": "loud"}, serving=False)


@pytest.mark.parametrize("name", [*AWS_CREDENTIAL_VARIABLES, "DYNAMODB_ENDPOINT_URL"])
def test_configured_credentials_or_an_endpoint_choose_dynamodb(name: str) -> None:
    environ = {name: "http://127.0.0.1:8001"}
    assert Settings.from_env(environ).store == "dynamodb"
    assert Settings.from_env({**environ, "STORE": "embedded"}).store == "embedded"


def test_a_credentials_file_chooses_dynamodb(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    assert Settings.from_env(home).store == "embedded"
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text("[default]\n")
    assert Settings.from_env(home).store == "dynamodb"
    assert Settings.from_env({**home, "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}).store == "embedded"
    elsewhere = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / ".aws" / "credentials")}
    assert Settings.from_env(elsewhere).store == "dynamodb"


@pytest.mark.parametrize(
    ("endpoint", "local"), [("http://localhost:8001", True), ("http://[::1]:8001", True), ("https://a.example", False)]
)
def test_a_double_on_this_machine_needs_neither_region_nor_credentials(endpoint: str, local: bool) -> None:
    settings = Settings.from_env({"DYNAMODB_ENDPOINT_URL": endpoint})
    assert (settings.local_credentials, settings.aws_region) == (local, LOCAL_REGION)
    with_key = Settings.from_env({"DYNAMODB_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "k"})
    assert not with_key.local_credentials


def test_the_example_file_holds_every_variable_and_no_other() -> None:
    names = re.findall(r"^#?\s?([A-Z][A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert tuple(names) == VARIABLES


def test_the_example_file_works_as_it_stands_and_says_the_defaults(own_environment: Path) -> None:
    (own_environment / ".env").write_bytes(EXAMPLE.read_bytes())
    loaded, defaults = Settings.load(), Settings.from_env({})
    assert {**vars_of(loaded), "secret_key": ""} == {**vars_of(defaults), "secret_key": ""}


def test_the_environment_wins_over_the_file_which_completes_it(own_environment: Path) -> None:
    os.environ["LOG_LEVEL"] = "ERROR"
    text = "LOG_LEVEL=DEBUG\nexport EMBEDDED_PATH='/tmp/달력 x.db' # where\nAWS_PROFILE=\nAWS_SECRET_ACCESS_KEY=s\n"
    (own_environment / ".env").write_text(text, encoding="utf-8")
    settings = Settings.load()
    assert (settings.log_level, settings.embedded_path) == ("ERROR", Path("/tmp/달력 x.db"))
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == "s"
    assert "AWS_PROFILE" not in os.environ


def test_without_a_file_the_environment_is_all(own_environment: Path) -> None:
    assert Settings.load().store == "embedded"
    assert os.environ.keys() <= {"HOME", "PYTEST_CURRENT_TEST"}


def test_a_file_with_a_byte_order_mark_is_read_and_one_that_is_no_utf8_is_named(own_environment: Path) -> None:
    (own_environment / ".env").write_text("LOG_LEVEL=DEBUG\n# 기록\n", encoding="utf-8-sig")
    assert Settings.load().log_level == "DEBUG"
    (own_environment / ".env").write_text("LOG_LEVEL=DEBUG\n# 기록\n", encoding="cp949")
    with pytest.raises(ConfigurationError, match=r"\.env.*UTF-8"):
        Settings.load()
