"""What a migration tells people while it runs, in the words and signs that they know from earlier versions."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from calendar_server.domain.changes import Subject
from calendar_server.domain.departments import Department
from calendar_server.migration.planning import Plan
from calendar_server.migration.reading import SourceFile
from calendar_server.migration.records import Kind
from calendar_server.migration.report import Outcome
from calendar_server.migration.verifying import Finding, Verification

LINES_AT_MOST = 40
IGNORED_LINES = 20
RECORDS_PER_LINE = 5_000
NAMES: Mapping[Kind, str] = {"department": "부서", "event": "이벤트"}


def shown(text: str) -> str:
    """Without line breaks and control characters, which could rewrite what stands on a terminal."""
    return "".join(character if character.isprintable() else "�" for character in text)


def say(*lines: str) -> None:
    """Print those of ``lines`` that say something, at once even into a pipe."""
    sys.stdout.write("".join(f"{line}\n" for line in lines if line))
    sys.stdout.flush()


def tell_sources(files: Sequence[SourceFile]) -> None:
    """Where the data comes from."""
    say("  • 원본: " + ", ".join(f.name if f.encoding == "utf-8" else f"{f.name}({f.encoding})" for f in files))


def tell_plan(files: Sequence[SourceFile], plan: Plan) -> None:
    """What of the data will not be in the store as it stands in the files."""
    _tell_counts("같은 내용이 되풀이되어 한 번만 옮기는 데이터", {NAMES[k]: n for k, n in plan.repeated.items()})
    for kind, counts in plan.ignored_fields.items():
        _tell_counts(f"저장소에 담을 수 없어 옮기지 않는 {NAMES[kind]} 항목", counts)
    for ignored in plan.ignored[:IGNORED_LINES]:
        values = ", ".join(f"{shown(name)}={shown(str(value))[:60]}" for name, value in ignored.fields.items())
        say(f"    - {shown(str(ignored.origin))}: {values}")
    if len(plan.ignored) > IGNORED_LINES:
        say(f"    - … 외 {len(plan.ignored) - IGNORED_LINES}건. 전체 목록은 --report로 받을 수 있습니다.")
    _tell_counts("데이터가 아니어서 읽지 않은 키", sum((file.ignored for file in files), Counter()))
    _tell_counts("읽을 수 없어 옮기지 않는 시각", plan.unreadable_timestamps)


def _tell_counts(what: str, counts: Mapping[str, int]) -> None:
    if counts:
        say(f"  • {what}: " + ", ".join(f"{shown(name)} {count}건" for name, count in counts.items()))


class Progress:
    """Tells of one kind's objects as they are written: a line each, or, where they are many, a bar or a line now and then."""

    def __init__(self, kind: Kind, total: int, existing: int, outcome: Outcome) -> None:
        self._name, self._key, self._total, self._outcome = NAMES[kind], f"{kind}s", total, outcome
        self._bar: Any = None
        outcome.existing[self._key] = existing
        if outcome.dry_run:
            say(f"  • 새로 쓸 {self._name} {total}개, 이미 있는 {self._name} {existing}개")
        elif existing:
            say(f"  • 이미 있는 {self._name} {existing}개" + ("" if total else ", 새로 쓴 것 없음"))

    def __enter__(self) -> Progress:
        if self._total > LINES_AT_MOST and not self._outcome.dry_run and sys.stdout.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=self._total, desc=f"  {self._name}", unit="개", file=sys.stdout, leave=True)
        return self

    def __exit__(self, error_type: Any, *_error: Any) -> None:
        if self._bar is not None:
            self._bar.close()
        if error_type is None and not self._outcome.dry_run:
            say(f"✅ {self._name} 데이터 마이그레이션 완료: {self._outcome.written[self._key]}개")

    def written(self, subjects: Sequence[Subject]) -> None:
        """Tell that these are stored."""
        before = self._outcome.written[self._key]
        done = self._outcome.written[self._key] = before + len(subjects)
        if self._total <= LINES_AT_MOST:
            say(*(f"  ✓ {named(subject)} 마이그레이션 완료" for subject in subjects))
        elif self._bar is not None:
            self._bar.update(len(subjects))
        elif done // RECORDS_PER_LINE > before // RECORDS_PER_LINE:
            say(f"  • {self._name} {done:,} / {self._total:,}")


def tell_findings(result: Verification) -> None:
    """What people have edited since, and what is not as it ought to be."""
    for finding in result.edited[:LINES_AT_MOST]:
        say(f"  • {named(finding.entry.subject)}: 옮긴 뒤에 수정되어 그대로 두었습니다(버전 {finding.version})")
    if len(result.edited) > LINES_AT_MOST:
        say(f"  • 옮긴 뒤에 수정된 데이터 모두 {len(result.edited):,}건")
    for finding in result.failures:
        say(f"  ✗ {shown(str(finding.entry.origin))} {named(finding.entry.subject)}: {_failure(finding)}")


def _failure(finding: Finding) -> str:
    if finding.kind == "missing":
        return "저장소에 없습니다"
    return f"저장소의 내용이 원본과 다릅니다({', '.join(finding.fields)})"


def named(subject: Subject) -> str:
    """The object as people know it."""
    if isinstance(subject, Department):
        return f"부서 '{shown(subject.name)}'"
    return f"이벤트 '{shown(subject.title)}' ({subject.event_date})"
