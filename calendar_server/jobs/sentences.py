"""What the commands say to people when they cannot do what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from calendar_server.backup.problems import BackupProblem
from calendar_server.errors import CalendarError, SetupError

SENTENCES = {
    "file_exists": (
        "{path} 파일이 이미 있습니다. 다른 이름을 지정하거나, 덮어쓰려면 --force 를 붙이세요.",
        "The file exists: name another one, or add --force to overwrite it.",
    ),
    "not_a_backup": (
        "{path} 은(는) 이 프로그램이 만든 백업 파일이 아닙니다. 아무것도 바꾸지 않았습니다.",
        "This is no backup of this program. Nothing was changed.",
    ),
    "newer_backup": (
        "{path} 은(는) 더 새로운 버전이 만든 백업입니다(형식 {format}, 이 버전은 {known}까지). 서버를 먼저 업데이트하세요. "
        "아무것도 바꾸지 않았습니다.",
        "The backup was made by a newer version (format {format}, this one knows {known}): update the server first. "
        "Nothing was changed.",
    ),
    "damaged_backup": (
        "백업 파일이 손상되었습니다({line}번째 줄, {reason}). 복구하지 않습니다. 다른 백업을 쓰세요.",
        "The backup is damaged (line {line}, {reason}) and is not restored: use another one.",
    ),
    "store_holds_something": (
        "저장소가 비어 있지 않습니다({store}). 아무것도 바꾸지 않았습니다. 지금 들어 있는 부서, 이벤트, 변경 기록을 모두 "
        "지우고 백업의 내용으로 바꾸려면 --force 를 붙이세요. 먼저 flask backup 으로 지금 상태를 남겨 두세요.",
        "The store is not empty; nothing was changed. Add --force to remove all departments, events and histories that it "
        "holds now and put the backup's in their place; keep a flask backup of them first.",
    ),
    "store_unavailable": (
        "저장소가 응답하지 않아 멈췄습니다. 잠시 뒤 같은 명령을 다시 실행하세요. ({detail})",
        "The store did not answer; run the same command again in a moment.",
    ),
    "file_unusable": (
        "파일을 읽거나 쓸 수 없습니다. ({detail})",
        "The file cannot be read or written.",
    ),
}


@contextmanager
def telling_problems() -> Iterator[None]:
    """End the command with a sentence and exit code 1 instead of a traceback."""
    try:
        yield
    except BackupProblem as problem:
        raise click.ClickException(_sentence(problem.code, **problem.params)) from problem
    except SetupError as error:
        raise click.ClickException("\n".join(error.problems)) from error
    except CalendarError as error:
        raise click.ClickException(_sentence("store_unavailable", detail=error)) from error
    except OSError as error:
        raise click.ClickException(_sentence("file_unusable", detail=error)) from error


def _sentence(code: str, **params: object) -> str:
    korean, english = SENTENCES[code]
    return f"{korean.format(**params)}\n{english.format(**params)}"
