"""Which web pages may talk to the server, and what browsers are told about it (Fetch standard, "CORS protocol")."""

from __future__ import annotations

from dataclasses import dataclass

from calendar_server.config import Settings
from calendar_server.wire.hosts import Authority, parse_authority

Headers = list[tuple[str, str]]

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
ALLOWED_HEADERS = "Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-ID"
EXPOSED_HEADERS = "ETag, Location, Retry-After, Idempotent-Replayed, X-Request-ID"
PREFLIGHT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class OriginPolicy:
    """Allowed are the server's own origin, those of CORS_ORIGINS and, in development, every one on this machine."""

    cors_origins: tuple[str, ...] = ()
    loopback_allowed: bool = False

    @classmethod
    def of(cls, settings: Settings) -> OriginPolicy:
        return cls(settings.cors_origins, loopback_allowed=not settings.production)

    def allows(self, origin: str, own: Authority | None) -> bool:
        """True where a page of ``origin`` may talk to the server that was addressed as ``own``."""
        if origin.lower() in self.cors_origins:
            return True
        scheme, separator, rest = origin.partition("://")
        authority = parse_authority(rest)
        if not separator or scheme.lower() not in ("http", "https") or authority is None:
            return False
        if self.loopback_allowed and authority.host in LOOPBACK_HOSTS:
            return True
        return own is not None and _is_same(authority, own, scheme.lower())


def _is_same(origin: Authority, own: Authority, scheme: str) -> bool:
    """Host and port agree. The scheme may differ: a proxy that ends TLS need not be known here."""
    return origin.host == own.host and origin.port_for(scheme) == own.port_for(scheme)


def answer_headers(origin: str) -> Headers:
    """What lets a page of the allowed ``origin`` read an answer."""
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", EXPOSED_HEADERS),
    ]


def preflight_headers() -> Headers:
    """What a preflight is told beyond :func:`answer_headers`."""
    return [
        ("Access-Control-Allow-Methods", ALLOWED_METHODS),
        ("Access-Control-Allow-Headers", ALLOWED_HEADERS),
        ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
    ]
