"""The rule of each field."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_server.domain.fields import (
    ID_BYTES_MAX,
    URL_MAX,
    FieldProblem,
    Rule,
    canonical_id,
    is_possible_id,
    optional_text,
    real_date,
    required_text,
    uuid_text,
    web_address,
)

UUID = "0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab"
NO_TEXTS = [1, 0, 1.5, True, [], ["a"], {}, b"a"]
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner))


def refusal(rule: Rule, value: Any) -> FieldProblem:
    """The problem that ``rule`` finds in ``value``."""
    with pytest.raises(FieldProblem) as caught:
        rule(value)
    return caught.value


@pytest.mark.parametrize("rule", [required_text(5), optional_text(5), real_date, web_address, uuid_text])
@pytest.mark.parametrize("value", NO_TEXTS)
def test_every_field_is_a_text(rule: Rule, value: Any) -> None:
    assert refusal(rule, value).code == "type_string"


@pytest.mark.parametrize("rule", [required_text(5), optional_text(5), real_date, web_address, uuid_text])
def test_a_lone_surrogate_is_refused_in_every_field(rule: Rule) -> None:
    assert refusal(rule, "a\ud800").code == "not_unicode"


@pytest.mark.parametrize("value", [None, "", "  ", "\u3000\t", "\u200b"])
def test_a_required_text_needs_something_visible(value: Any) -> None:
    assert refusal(required_text(5), value).code == "required"


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_an_optional_text_may_be_empty_or_null(value: Any) -> None:
    assert optional_text(5)(value) == ""


@pytest.mark.parametrize("rule", [required_text(3), optional_text(3)])
def test_length_is_counted_in_characters_after_trimming_and_composing(rule: Rule) -> None:
    assert rule("  가나다  ") == "가나다"
    assert rule(unicodedata.normalize("NFD", "각난닫")) == "각난닫"
    assert rule("🎉🎉🎉") == "🎉🎉🎉"
    problem = refusal(rule, "가나다라")
    assert (problem.code, problem.params) == ("too_long", {"max": 3, "actual": 4})


@pytest.mark.parametrize("value", ["2024-02-29", " 2024-01-05 ", "0001-01-01", "9999-12-31"])
def test_a_real_date_is_taken(value: str) -> None:
    assert real_date(value) == value.strip()


@pytest.mark.parametrize("value", [None, ""])
def test_a_date_is_required(value: Any) -> None:
    assert refusal(real_date, value).code == "required"


@pytest.mark.parametrize(
    "value",
    [
        "2023-02-29",
        "2024-1-5",
        "20240105",
        "2024-W01-1",
        "2024-13-01",
        "0000-01-01",
        "２０２４-01-05",
        "2024-01-05T00:00",
    ],
)
def test_what_is_no_date_is_refused(value: str) -> None:
    assert refusal(real_date, value).code == "invalid_date"


@pytest.mark.parametrize(
    "value",
    [
        "http://a",
        "https://example.com/회의?방=1#위",
        "HTTPS://EXAMPLE.com",
        "https://예시.한국/",
        "http://192.168.0.1:8080/x",
        "http://[::1]:5000/",
        "https://example.com/" + "a" * (URL_MAX - 20),
    ],
)
def test_an_address_of_a_host_is_taken_as_it_is_written(value: str) -> None:
    assert web_address(f" {value} ") == value


@pytest.mark.parametrize("value", [None, "", "  "])
def test_an_address_may_be_absent(value: Any) -> None:
    assert web_address(value) == ""


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "JavaScript://example.com/%0aalert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "ftp://example.com",
        "//example.com",
        "example.com",
        "https://",
        "https:///path",
        "https://?x",
        "https:example.com",
        "https://a b.com",
        "https://a.com/\nx",
        "https://a.com/<script>",
        'https://a.com/"onclick=',
        "https://a.com\\@b.com",
        "https://a.com:99999/",
        "https://a.com:0/",
        "https://a.com:port/",
        "http://[::1",
        "http://[nonsense]/",
        "https://a.com/\x00",
        "https://a.com/\u2028x",
        "https://a.com/\x9bx",
    ],
)
def test_what_no_browser_should_open_is_refused(value: str) -> None:
    assert refusal(web_address, value).code == "invalid_url"


def test_an_address_has_its_longest_length() -> None:
    assert refusal(web_address, "https://a.com/" + "a" * URL_MAX).code == "too_long"


def test_a_uuid_is_kept_in_lower_case() -> None:
    assert uuid_text(f" {UUID.upper()} ") == UUID


@pytest.mark.parametrize(
    "value", ["", "1", UUID[:-1], UUID + "0", UUID.replace("-", ""), f"{{{UUID}}}", "g" + UUID[1:]]
)
def test_what_is_no_uuid_is_refused(value: str) -> None:
    assert refusal(uuid_text, value).code == "invalid_uuid"


def test_only_uuids_lose_their_case_in_paths() -> None:
    assert canonical_id(UUID.upper()) == UUID
    assert canonical_id("Old-ID-7") == "Old-ID-7"


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("", False),
        ("1", True),
        ("a" * ID_BYTES_MAX, True),
        ("a" * (ID_BYTES_MAX + 1), False),
        ("가" * 342, False),
        ("\ud800", False),
    ],
)
def test_an_id_has_a_longest_length_in_bytes_and_is_unicode(text: str, possible: bool) -> None:
    assert is_possible_id(text) is possible


@pytest.mark.parametrize("rule", [required_text(5), optional_text(5), real_date, web_address, uuid_text])
@given(value=JSON)
def test_any_value_gives_a_clean_text_or_a_problem(rule: Rule, value: Any) -> None:
    try:
        result = rule(value)
    except FieldProblem:
        return
    assert isinstance(result, str)
    assert rule(result) == result
