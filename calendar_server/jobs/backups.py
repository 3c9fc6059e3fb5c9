"""``flask backup FILE``, ``flask restore FILE`` and ``flask new-epochs``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from flask import current_app
from flask.cli import with_appcontext

from calendar_server.backup.problems import NotAFile
from calendar_server.backup.restoring import opened
from calendar_server.backup.restoring import restore as restore_into
from calendar_server.backup.writing import back_up
from calendar_server.errors import CalendarError, SetupError
from calendar_server.jobs.sentences import sentence, telling_problems
from calendar_server.store.contract import Store

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

FILE = click.Path(path_type=Path)
STEPS_WITHOUT_LENGTH = 500
READINGS_OF_A_RESTORE = 3
"""Events, changes and receipts are taken out of the file one after the other."""


@click.command()
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="FILE이 이미 있으면 덮어씀 / overwrite FILE where it exists")
@with_appcontext
def backup(file: Path, force: bool) -> None:
    """저장소 전체를 FILE에 백업합니다. 서버가 실행 중이어도 됩니다.

    Write the whole store into FILE, while the server runs.
    """
    with telling_problems(lambda: sentence("no_backup")):
        _require_name(file)
        store = _store()
        click.echo(f"저장소 / Store: {store.describe()}", err=True)
        with _progress("백업 / backing up") as done:
            counts = back_up(store, file, lambda _kind: done(1), overwrite=force)
    click.echo(f"✓ {file}: {_counted(counts)}")
    if not counts["department"]:
        click.echo(sentence("no_departments"), err=True)


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--force",
    is_flag=True,
    help="저장소에 들어 있는 내용을 모두 지우고 백업으로 바꿈 / remove all that the store holds and put the backup in its place",
)
@with_appcontext
def restore(file: Path, force: bool) -> None:
    """FILE의 백업을 빈 저장소에 복구합니다. 중간에 끊기면 다시 실행하세요.

    Restore the backup in FILE into an empty store. If it is cut off, run it again.

    모든 클라이언트는 목록을 새로 받습니다(이전 커서에는 410). / All clients load anew: earlier cursors get 410.
    """
    store = _store()
    with telling_problems():
        _require_name(file)
        click.echo(f"저장소 / Store: {store.describe()}", err=True)
        size = file.stat().st_size
        with _progress("파일 확인 / checking", size) as done:
            found = opened(file, done)
    with telling_problems(lambda: _left_in(store)), _progress("복구 / restoring", size * READINGS_OF_A_RESTORE) as done:
        found.read = done
        restore_into(store, found, replace=force)
    click.echo(f"✓ {found.made_at} {_counted(found.counts)}")


@click.command("new-epochs")
@with_appcontext
def new_epochs() -> None:
    """특정 시점 복구(PITR)로 되돌린 테이블을 쓰기 전에 실행합니다. 이전 커서가 모두 만료되고(410),
    일부만 복구된 변경을 바로잡습니다. 서버를 모두 멈추고 실행하세요.

    To be run before tables that AWS has restored to a point in time are served: every cursor that was given out before
    expires (410), and what the restore has torn apart is mended. No server may be running.
    """
    with telling_problems():
        store = _store()
        click.echo(f"저장소 / Store: {store.describe()}", err=True)
        count = store.renew_epochs()
    click.echo(f"✓ 새 에포크로 바꾼 이력 / histories in a new epoch: {count}")


def _require_name(file: Path) -> None:
    """:raises NotAFile: ``-``, which elsewhere stands for the standard input and output."""
    if str(file) == "-":
        raise NotAFile(path=file)


def _left_in(store: Store) -> str:
    """What a restore that failed has left behind."""
    try:
        store.check()
    except SetupError as error:
        return "\n".join(error.problems)
    except (CalendarError, OSError):
        return sentence("state_unknown")
    return sentence("nothing_half_restored")


def _store() -> Store:
    return cast(Store, current_app.extensions["calendar"].store)


@contextmanager
def _progress(label: str, length: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, which moves by what it is told; where the length is not known, a number that grows."""
    steps = STEPS_WITHOUT_LENGTH if length is None else max(1, length // 200)
    of_unknown_length = (None for _ in ()) if length is None else None
    bar: ProgressBar[None] = click.progressbar(
        of_unknown_length,
        length=length,
        label=label,
        show_pos=length is None,
        file=sys.stderr,
        update_min_steps=steps,
    )
    with bar:
        yield bar.update
        bar.update_min_steps = 1
        bar.update(0)


def _counted(counts: Counter[str]) -> str:
    names = {"department": "부서", "event": "이벤트", "change": "변경", "receipt": "멱등 응답"}
    return ", ".join(f"{korean}({kind}s) {counts[kind]:,}" for kind, korean in names.items())
