"""What only a migration has to say of a record or a file, Korean and English, by stable code.

The sentences for the rules that the server shares stand with its other messages; ``{other}`` and ``{key}`` are
parameters of the problem.
"""

from __future__ import annotations

from collections.abc import Mapping

Pair = tuple[str, str]

REASONS: Mapping[str, Pair] = {
    "invalid_id": ("id로 쓸 수 없는 값입니다.", "This cannot be an id."),
    "duplicate_id": (
        "{other}의 데이터와 id가 같지만 내용이 다릅니다.",
        "This has the id of {other} but not its content.",
    ),
    "duplicate_name": (
        "{other}의 부서와 이름이 같지만 내용이 다릅니다. 이름을 바꾸거나 하나로 합쳐 주세요.",
        "This has the name of the department at {other} but not its content: rename it, or make them one.",
    ),
    "invalid_department": (
        "이 부서 자체를 옮길 수 없어 이벤트도 옮길 수 없습니다.",
        "The department itself cannot be taken, so neither can its event.",
    ),
    "key_mismatch": (
        "이 데이터가 들어 있는 키 '{key}'와 값이 서로 다릅니다.",
        "This contradicts the key '{key}' under which the record stands.",
    ),
}
UNREADABLE: Mapping[str, Pair] = {
    "cannot_open": ("파일을 열 수 없습니다", "the file cannot be opened"),
    "duplicate_key": (
        "한 객체 안에 같은 키가 두 번 나와 어느 값이 맞는지 알 수 없습니다",
        "an object has the same key twice, so that it is unknown which value counts",
    ),
    "unknown_encoding": (
        "UTF-8, UTF-16(BOM 포함), CP949 중 어느 것으로도 읽을 수 없습니다",
        "it is neither UTF-8 nor UTF-16 (with BOM) nor CP949",
    ),
    "no_json": ("올바른 JSON이 아닙니다", "it is not valid JSON"),
}
