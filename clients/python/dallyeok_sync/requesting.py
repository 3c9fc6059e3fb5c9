"""Requests to the server's REST interface."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import requests

from dallyeok_sync.answers import Outcome, TryAgain, outcome_of

_log = logging.getLogger(__name__)

Headers = Mapping[str, str] | Callable[[], Mapping[str, str]]


class Requester:
    """Sends requests of a write and says what became of them."""

    def __init__(self, url: str, headers: Headers, session: requests.Session, timeout_seconds: float) -> None:
        self._url = url
        self._headers = headers
        self._session = session
        self._timeout_seconds = timeout_seconds

    def send(self, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None) -> Outcome:
        """The outcome; a request without a whole answer is to be sent again."""
        try:
            common = self._headers() if callable(self._headers) else self._headers
            response = self._session.request(
                method, self._url + path, headers={**common, **headers}, json=body, timeout=self._timeout_seconds
            )
            return outcome_of(response)
        except Exception as error:  # RequestException, and what a broken answer makes of the libraries below
            _log.debug("no answer to %s %s: %s", method, path, error)
            return TryAgain()

    def close(self) -> None:
        self._session.close()
