"""Copies the JSON files of an earlier version into the configured store: ``python migrate_to_dynamodb.py --help``."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from calendar_server.config import Settings
from calendar_server.domain import clock
from calendar_server.errors import ConfigurationError, Conflict, NotFound, Problem, SetupError, StoreUnavailable
from calendar_server.migration.copying import Copying, departments_missing, events_missing
from calendar_server.migration.holdings import Holdings, Patience
from calendar_server.migration.planning import make_plan
from calendar_server.migration.reading import FILE_NAMES, SourceFile, UnreadableFile, find_files, read_file
from calendar_server.migration.records import Rejected
from calendar_server.migration.report import Outcome, write_report
from calendar_server.migration.sentences import REASONS, UNREADABLE
from calendar_server.migration.telling import (
    LINES_AT_MOST,
    NAMES,
    Progress,
    say,
    shown,
    tell_findings,
    tell_plan,
    tell_sources,
)
from calendar_server.migration.verifying import verify
from calendar_server.services.editing import Editing
from calendar_server.store.contract import Store
from calendar_server.store.embedded import EmbeddedStore
from calendar_server.wire.messages import PROBLEMS

FAILED, INTERRUPTED = 1, 130
RULE = "=" * 50

DESCRIPTION = """\
이전 버전의 JSON 파일(departments.json, events.json 또는 calendar_events.json)을 저장소로 옮깁니다.
현재 폴더와 data/에서 파일을 찾고, 서버와 같은 설정(.env, STORE)의 저장소에 씁니다.
다시 실행해도 안전합니다. 이미 옮긴 데이터는 다시 쓰지 않습니다.

Copies the JSON files of an earlier version (departments.json, events.json or calendar_events.json) into the
store that the server uses (.env, STORE). The files are looked for in the working directory and in data/.
It may be run again at any time: what is stored already is not written again."""
EPILOG = """\
종료 코드 / exit codes:
  0  완료 / done
  1  거부되었거나 검증에 실패함 / refused, or the verification failed
  2  잘못된 사용 또는 설정 / wrong use or configuration"""


class Stopped(Exception):
    """The run ends here without being done; the text says why."""


def main(arguments: Sequence[str] | None = None, patience: Patience | None = None) -> int:
    """Run with ``arguments`` (the process's own by default); return the exit code.

    :raises SystemExit: wrong use or configuration (2), or ``--help``.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console that has no emoji is no reason to fail
    parser = _parser()
    options = parser.parse_args(arguments)
    paths = _source_paths(parser, options)
    try:
        settings = Settings.load(serving=False)
    except ConfigurationError as error:
        parser.error("설정이 잘못되었습니다 / wrong configuration:\n" + "\n".join(f"  ✗ {p}" for p in error.problems))
    if options.report and options.report.resolve() in {path.resolve() for path in (*paths, settings.embedded_path)}:
        parser.error(f"--report: 원본이나 저장소를 덮어쓸 수 없습니다 / that would overwrite data: {options.report}")
    outcome = Outcome(dry_run=options.dry_run)
    try:
        with _stopping():
            _migrate(settings, options, paths, outcome, patience or Patience())
    except Stopped as stopped:
        outcome.exit_code, outcome.failure = FAILED, str(stopped)
    except KeyboardInterrupt:
        outcome.exit_code, outcome.failure = INTERRUPTED, "중단했습니다. 다시 실행하면 이어서 진행합니다."
    say(f"\n❌ {outcome.failure}" if outcome.failure else "", RULE)
    return _with_report(options.report, outcome)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="확인만 하고 쓰지 않음 / check everything, write nothing"
    )
    parser.add_argument(
        "--skip-invalid",
        action="store_true",
        help="옮길 수 없는 데이터는 건너뛰고 나머지를 옮김 / leave out what cannot be taken, copy the rest",
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="결과를 JSON 파일로 저장 / write the outcome to a JSON file"
    )
    parser.add_argument(
        "--source", type=Path, metavar="DIR", help="JSON 파일이 있는 폴더 / the folder that holds the JSON files"
    )
    return parser


def _source_paths(parser: argparse.ArgumentParser, options: argparse.Namespace) -> list[Path]:
    """The files to read; anything wrong with the paths that were given is wrong use."""
    if options.report and (options.report.is_dir() or not options.report.parent.is_dir()):
        parser.error(f"--report: 이 위치에 파일을 쓸 수 없습니다 / no file can be written there: {options.report}")
    if options.source and not options.source.is_dir():
        parser.error(f"--source: 폴더가 아닙니다 / not a folder: {options.source}")
    folders = [options.source] if options.source else [Path(), Path("data")]
    try:
        paths = find_files(folders)
    except OSError as error:
        parser.error(f"--source: 폴더를 읽을 수 없습니다 / the folder cannot be read: {error}")
    if not paths:
        searched = ", ".join(f"{folder}/" for folder in folders)
        parser.error(
            f"{searched}에 {', '.join(FILE_NAMES)} 중 어느 파일도 없습니다. --source로 폴더를 지정해 주세요. / "
            "none of these files is there: name their folder with --source."
        )
    return paths


@contextmanager
def _stopping() -> Iterator[None]:
    """Turns whatever a store raises into :class:`Stopped`."""
    again = "다시 실행하면 남은 데이터부터 이어서 진행합니다."
    try:
        yield
    except SetupError as error:
        sentences = "\n".join(f"  ✗ {problem.removeprefix('✗ ')}" for problem in error.problems)
        raise Stopped(f"저장소를 사용할 수 없습니다.\n{sentences}") from error
    except StoreUnavailable as error:
        raise Stopped(f"저장소가 응답하지 않아 멈췄습니다: {error}\n  {again}") from error
    except (Conflict, NotFound) as error:
        raise Stopped(f"옮기는 동안 다른 사람이 같은 부서를 바꾸었습니다({error}).\n  {again}") from error


def _migrate(
    settings: Settings, options: argparse.Namespace, paths: Sequence[Path], outcome: Outcome, patience: Patience
) -> None:
    with ExitStack() as stack:
        store = _open(settings, outcome, patience, stack)
        outcome.files = [_read(path) for path in paths]
        tell_sources(outcome.files)
        say(RULE, "🚀 JSON → DynamoDB 마이그레이션 시작", RULE)
        holdings = Holdings(store, patience)
        plan = outcome.plan = make_plan(outcome.files, holdings.departments(), clock.now())
        tell_plan(outcome.files, plan)
        _tell_rejected(plan.rejected, options.skip_invalid)
        if store is None and not options.dry_run:
            store = stack.enter_context(closing(EmbeddedStore(settings.embedded_path)))
            holdings = Holdings(store, patience)
        _copy(None if options.dry_run else store, holdings, outcome, patience)
        if options.dry_run:
            say("\n✅ 확인 완료: --dry-run이므로 아무것도 쓰지 않았습니다.")
        else:
            _verify(holdings, outcome)


def _open(settings: Settings, outcome: Outcome, patience: Patience, stack: ExitStack) -> Store | None:
    """The configured store; None for an embedded one that is still to be made, which only a write may do."""
    store: Store
    if settings.store == "dynamodb":
        from models import DynamoDBDatabase  # boto3 is slow to import, and the embedded store needs none

        store = stack.enter_context(closing(DynamoDBDatabase(settings)))
        outcome.store = store.describe()
        say(f"  • 저장소: {outcome.store}")
        patience.attempt(store.check)
        return store
    outcome.store = f"내장 저장소(SQLite) {settings.embedded_path}"
    say(f"  • 저장소: {outcome.store}")
    path = settings.embedded_path
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        return None
    return stack.enter_context(closing(EmbeddedStore(path)))


def _read(path: Path) -> SourceFile:
    try:
        return read_file(path)
    except UnreadableFile as error:
        raise Stopped(f"{error.file}: {UNREADABLE[error.code][0]} ({shown(error.detail)})") from error


def _tell_rejected(rejected: Sequence[Rejected], skip_invalid: bool) -> None:
    """List what cannot be taken.

    :raises Stopped: there is something, and it is not to be skipped.
    """
    if not rejected:
        return
    say(f"\n⚠️ 옮길 수 없는 데이터 {len(rejected)}건{' (건너뜁니다)' if skip_invalid else ''}:")
    for each in rejected:
        label = f" '{shown(each.label)}'" if each.label else ""
        for problem in each.problems:
            say(f"  ✗ {shown(str(each.origin))} {NAMES[each.kind]}{label}: {_sentence(problem)}")
    if not skip_invalid:
        raise Stopped(
            "아무것도 쓰지 않았습니다. 위의 데이터를 고친 뒤 다시 실행하거나,\n"
            "   --skip-invalid를 붙여 나머지만 옮길 수 있습니다."
        )


def _copy(store: Store | None, holdings: Holdings, outcome: Outcome, patience: Patience) -> None:
    """Write what is missing; without a ``store`` only count it."""
    plan, joined = outcome.plan, outcome.plan.adopted
    copying = Copying(Editing(store).commit, store.batch_limit, holdings, patience) if store else None
    say("\n📋 부서 데이터 마이그레이션 시작...")
    for entry, department in joined[:LINES_AT_MOST]:
        say(
            f"  • 부서 '{shown(entry.subject.name)}': 저장소에 이미 있는 부서 '{shown(department.name)}'에 이벤트를 넣습니다"
        )
    departments = departments_missing(plan.departments, holdings)
    existing = len(plan.departments) - len(departments) + len(joined)
    with Progress("department", len(departments), existing, outcome) as progress:
        if copying:
            copying.departments(departments, progress.written)
    say("\n📅 캘린더 이벤트 데이터 마이그레이션 시작...")
    events = events_missing(plan.events, holdings)
    with Progress("event", len(events), len(plan.events) - len(events), outcome) as progress:
        if copying:
            copying.events(events, progress.written)


def _verify(holdings: Holdings, outcome: Outcome) -> None:
    """Compare with the store.

    :raises Stopped: something is not as it ought to be.
    """
    say("\n🔍 마이그레이션 검증 중...")
    result = outcome.verification = verify(outcome.plan, holdings)
    say(f"  • 부서: {result.departments}개", f"  • 이벤트: {result.events}개")
    tell_findings(result)
    if result.failures:
        raise Stopped(
            f"마이그레이션 검증 실패: {len(result.failures)}건이 원본과 다릅니다. 저장소의 내용은 그대로 두었습니다."
        )
    say("\n✅ 마이그레이션 검증 완료")


def _wording(problem: Problem) -> tuple[str, str]:
    """The problem in Korean and English."""
    pair = PROBLEMS.get(problem.code) or REASONS[problem.code]
    return pair[0].format_map(problem.params), pair[1].format_map(problem.params)


def _sentence(problem: Problem) -> str:
    value = problem.params.get("value")
    addition = "" if value in (None, "") else f" (값: {shown(str(value)[:60])})"
    return f"{problem.field}: {_wording(problem)[0]}{addition}" if problem.field else _wording(problem)[0]


def _reasons(problem: Problem) -> dict[str, str]:
    korean, english = _wording(problem)
    return {"reason": korean, "reason_en": english}


def _with_report(path: Path | None, outcome: Outcome) -> int:
    """Write the report where one is wanted; return the exit code."""
    if path is None:
        return outcome.exit_code
    try:
        write_report(path, outcome, _reasons)
    except OSError as error:
        print(f"보고서를 쓸 수 없습니다 / the report cannot be written: {error}", file=sys.stderr)
        return outcome.exit_code or FAILED
    return outcome.exit_code


if __name__ == "__main__":
    sys.exit(main())
