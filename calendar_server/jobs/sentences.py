"""What the commands say to people when they cannot do what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from calendar_server.backup.problems import BackupProblem
from calendar_server.errors import CalendarError, SetupError

SENTENCES = {
    "file_exists": (
        "{path} 파일이 이미 있습니다. 다른 이름을 지정하거나, 덮어쓰려면 --force를 붙이세요.",
        "The file exists: name another one, or add --force to overwrite it.",
    ),
    "not_a_file": (
        "{path}: 일반 파일이 아닙니다(폴더, 파이프, 장치). 파일 이름을 지정하세요. 아무것도 바꾸지 않았습니다.",
        "This is no ordinary file but a folder, a pipe or a device: name a file. Nothing was changed.",
    ),
    "not_a_backup": (
        "{path}: 이 프로그램이 만든 백업 파일이 아닙니다. 압축한 백업이면 먼저 푸세요(gunzip). 아무것도 바꾸지 않았습니다.",
        "This is no backup of this program; one that was compressed is to be unpacked first (gunzip). Nothing was changed.",
    ),
    "newer_backup": (
        "{path}: 더 새로운 버전이 만든 백업입니다(형식 {format}, 이 버전은 {known}까지). 서버를 먼저 업데이트하세요. "
        "아무것도 바꾸지 않았습니다.",
        "The backup was made by a newer version (format {format}, this one knows {known}): update the server first. "
        "Nothing was changed.",
    ),
    "damaged_backup": (
        "백업 파일이 손상되었습니다({line}번째 줄: {korean_reason}). 이 파일로는 복구하지 않습니다. 다른 백업을 쓰세요. "
        "아무것도 바꾸지 않았습니다.",
        "The backup is damaged (line {line}: {english_reason}) and is not restored: use another one. Nothing was changed.",
    ),
    "changed_backup": (
        "{path} 파일이 복구하는 동안 바뀌었습니다. 바뀌지 않는 곳에 둔 백업으로 같은 명령을 다시 실행하세요.",
        "The file was changed while it was being restored: run the same command again with a file that stays as it is.",
    ),
    "written_wrongly": (
        "백업을 다시 읽어 보니 쓴 것과 다릅니다({line}번째 줄). 디스크를 점검하고 다른 디스크에 다시 백업하세요.",
        "The backup does not read as it was written (line {line}): check the disk, and back up to another one.",
    ),
    "store_holds_something": (
        "저장소가 비어 있지 않습니다({store}). 아무것도 바꾸지 않았습니다. 지금 들어 있는 부서, 이벤트, 변경 이력을 모두 "
        "지우고 백업의 내용으로 바꾸려면 --force를 붙이세요. 먼저 flask backup으로 지금 상태를 남겨 두세요.",
        "The store is not empty; nothing was changed. Add --force to remove all departments, events and histories that it "
        "holds now and put the backup's in their place; keep a flask backup of them first.",
    ),
    "store_unavailable": (
        "저장소 오류로 멈췄습니다. ({detail}) 디스크 공간, 네트워크, 테이블의 처리 용량을 확인하고 같은 명령을 다시 실행하세요.",
        "The store has failed: check disk space, network and the tables' capacity, and run the same command again.",
    ),
    "file_unusable": (
        "파일을 읽거나 쓸 수 없습니다. ({detail}) 경로, 권한, 디스크 공간을 확인하세요.",
        "The file cannot be read or written: check path, permissions and disk space.",
    ),
    "interrupted": ("중단했습니다.", "Interrupted."),
    "no_backup": (
        "백업 파일을 만들지 않았습니다. 같은 이름으로 이미 있던 파일은 그대로입니다.",
        "No backup was made. A file that had this name is as it was.",
    ),
    "nothing_half_restored": (
        "저장소에 복구하다 만 내용은 없습니다.",
        "Nothing half-restored is in the store.",
    ),
    "state_unknown": (
        "저장소가 어떤 상태인지 확인하지 못했습니다. 같은 명령을 다시 실행할 때까지 서버를 시작하지 마세요.",
        "The state of the store could not be seen: do not start the server before the same command has succeeded.",
    ),
    "no_departments": (
        "⚠ 이 저장소에는 부서가 하나도 없습니다. 위의 저장소가 맞는지, 설정(STORE, EMBEDDED_PATH, *_TABLE)이 서버와 같은지 "
        "확인하세요.",
        "The store holds no departments: check that it is the one above that you meant, with the settings (STORE, "
        "EMBEDDED_PATH, *_TABLE) of the server.",
    ),
}
REASONS = {
    "altered": ("내용이 바뀌었습니다", "altered"),
    "cut_off": ("뒷부분이 없습니다", "the rest is missing"),
    "incomplete": ("빠지거나 더해진 줄이 있습니다", "lines are missing, or were added"),
    "not_understood": ("알 수 없는 내용입니다", "not understood"),
    "out_of_place": ("있을 자리가 아닙니다", "out of place"),
}
_NOTHING_DONE = frozenset(
    {"file_exists", "not_a_file", "not_a_backup", "newer_backup", "damaged_backup", "store_holds_something"}
)
"""Problems whose sentences say already that nothing was done."""


def _nothing() -> str:
    return ""


@contextmanager
def telling_problems(what_is_left: Callable[[], str] = _nothing) -> Iterator[None]:
    """End the command with sentences and exit code 1 instead of a traceback; the last ones are ``what_is_left``."""
    try:
        yield
    except (CalendarError, OSError, KeyboardInterrupt) as error:
        told = _told(error)
        left = "" if isinstance(error, BackupProblem) and error.code in _NOTHING_DONE else what_is_left()
        raise click.ClickException(told if left in told else f"{told}\n{left}") from error


def _told(error: BaseException) -> str:
    if isinstance(error, BackupProblem):
        return sentence(error.code, **error.params)
    if isinstance(error, SetupError):
        return "\n".join(error.problems)
    if isinstance(error, CalendarError):
        return sentence("store_unavailable", detail=error)
    return sentence("file_unusable", detail=error) if isinstance(error, OSError) else sentence("interrupted")


def sentence(code: str, **params: object) -> str:
    """What there is to say in Korean, and on the next line in English."""
    korean_reason, english_reason = REASONS.get(str(params.get("reason")), ("", ""))
    words = {"korean_reason": korean_reason, "english_reason": english_reason, **params}
    return "\n".join(each.format(**words) for each in SENTENCES[code])
