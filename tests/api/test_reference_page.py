"""The page for reading: everything in it, from this server alone, in the reader's language."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from markupsafe import Markup

from calendar_server.api.openapi.document import openapi_document
from calendar_server.api.reference_page import prose


class Page(HTMLParser):
    """Collects ids, references, and anything that a strict Content-Security-Policy would block."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.references, self.blocked, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.references += [given[name] for name in ("href", "src") if name in given]
        self.blocked += [name for name in given if name == "style" or name.startswith("on")]
        self.blocked += [tag] if tag in ("style", "script", "iframe", "object") else []
        if tag not in ("meta", "link", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(params=["ko", "en"])
def language(request):
    return request.param


@pytest.fixture
def answer(client, language):
    return client.get(f"/api/docs?lang={language}")


def test_page_is_html_under_a_strict_policy(answer):
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_page_needs_nothing_from_elsewhere_and_nothing_inline(client, answer):
    page = Page(answer.text)
    assert page.blocked == []
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    for reference in page.references:
        if reference.startswith("#"):
            assert reference[1:] in page.ids
        elif not reference.startswith("?lang="):
            assert client.get(reference, buffered=True).status_code == 200, reference


def test_every_call_code_and_message_stands_on_the_page(answer, language):
    document = openapi_document(language)
    shown = [operation for item in document["paths"].values() for operation in item.values()]
    assert all(f'id="{operation["operationId"]}"' in answer.text for operation in shown)
    assert answer.text.count("curl ") == len(shown)
    codes = [each["code"] for each in document["x-codes"]["error"] + document["x-codes"]["details"]]
    messages = [
        each["event"] for each in document["x-socketio"]["clientToServer"] + document["x-socketio"]["serverToClient"]
    ]
    assert all(f"<code>{name}</code>" in answer.text for name in codes + messages)


def test_page_speaks_one_language(client, answer, language):
    assert answer.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in answer.text
    assert ("부서 목록" in answer.text) == (language == "ko")
    assert ("List departments" in answer.text) == (language == "en")


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [("", "en", "en"), ("", None, "ko"), ("?lang=ko", "en", "ko"), ("?lang=fr", "en", "en"), ("?lang=<b>", None, "ko")],
)
def test_language_is_the_asked_for_or_the_accepted(client, query, accepted, language):
    answer = client.get(f"/api/docs{query}", headers={"Accept-Language": accepted} if accepted else {})
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]
    assert "<b>" not in answer.text


def test_commands_name_the_server_as_the_reader_reached_it(client):
    text = client.get("/api/docs", base_url="https://calendar.example.com").text
    addresses = set(re.findall(r"https?://[^/\s'&]+", text)) - {"https://meet.example.com"}
    assert "https://calendar.example.com" in addresses
    assert not any("localhost" in address for address in addresses)


def test_style_is_served_as_css(client):
    answer = client.get("/api/docs/assets/reference.css", buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert "url(" not in answer.text
    assert client.get("/api/docs/assets/../documents.py").status_code == 404
    assert client.get("/api/docs/assets/none.css").json["error"] == "not_found"


def test_prose_escapes_what_it_shows():
    assert prose("a `<b>` & c\n\nd") == Markup("<p>a <code>&lt;b&gt;</code> &amp; c</p><p>d</p>")
