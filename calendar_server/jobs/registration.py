"""Hangs the commands into the application, whose store they use."""

from __future__ import annotations

import click
from flask import Flask

from calendar_server.jobs.backups import backup, new_epochs, restore
from calendar_server.jobs.estimates import estimate


def register(app: Flask) -> None:
    """Make the commands known to ``flask --app app``."""
    for command in (backup, restore, new_epochs, estimate):
        app.cli.add_command(command)


def runs_a_command() -> bool:
    """True where the application is only loaded for a command of ``flask``, and not to serve (``flask run``)."""
    context = click.get_current_context(silent=True)
    return context is not None and context.info_name != "run"
