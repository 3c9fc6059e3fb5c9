"""The page as it is served: strict policy, only files of its own, kept by caches until it changes."""

from __future__ import annotations

import gzip
import re

import pytest

from calendar_server.web.page import CONTENT_TYPES, STATIC

FILES = sorted(set(CONTENT_TYPES) - {"index.html"})


def test_page_stands_at_the_start_under_a_strict_policy(client):
    answer = client.get("/")
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert policy[0] == "default-src 'self'"
    assert {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} <= set(policy)
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_page_has_nothing_inline_and_nothing_from_elsewhere(client):
    text = client.get("/").get_data(as_text=True)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script[^>]*>[^<]", text)
    references = re.findall(r'(?:src|href)="([^"#]+)"', text)
    assert {"/page/page.js", "/page/page.css", "/api/docs"} <= set(references)
    for reference in references:
        assert reference.startswith("/"), reference
        assert client.get(reference).status_code == 200, reference


@pytest.mark.parametrize("name", FILES)
def test_file_is_sent_as_what_it_is(client, name):
    answer = client.get(f"/page/{name}")
    assert (answer.status_code, answer.content_type) == (200, CONTENT_TYPES[name])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.data == (STATIC / name).read_bytes()


def test_unchanged_file_is_not_sent_again(client):
    first = client.get("/page/page.js")
    again = client.get("/page/page.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "public, no-cache"


def test_file_is_packed_for_those_who_take_it_so(client):
    plain = client.get("/page/page.js")
    packed = client.get("/page/page.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert gzip.decompress(packed.data) == plain.data


@pytest.mark.parametrize("name", ["page.py", "..%2Fpage.py", "nothing.js"])
def test_nothing_but_the_files_of_the_page_is_sent(client, name):
    assert client.get(f"/page/{name}").status_code == 404


def test_whole_page_weighs_at_most_250_kilobytes_packed():
    packed = [
        len(gzip.compress((STATIC / name).read_bytes())) for name in ("index.html", "page.js", "page.css", "icon.svg")
    ]
    assert sum(packed) <= 250_000
