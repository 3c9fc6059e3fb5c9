"""Commands for administrators: ``flask backup``, ``flask restore``, ``flask new-epochs``, ``flask estimate``."""

from calendar_server.jobs.registration import register

__all__ = ["register"]
