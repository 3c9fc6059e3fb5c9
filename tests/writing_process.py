"""A process that writes events into an embedded store and prints the id of each that was acknowledged.

``python writing_process.py FILE DEPARTMENT_ID COUNT``
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT)]

from samples import event  # noqa: E402

from calendar_server.domain.changes import Edit  # noqa: E402
from calendar_server.store.embedded import EmbeddedStore  # noqa: E402


def write(file: Path, department_id: str, count: int) -> None:
    """Write ``count`` events, one commit each."""
    store = EmbeddedStore(file)
    print("ready", flush=True)
    for number in range(count):
        made = event(department_id, str(number))
        store.commit([Edit(None, made)])
        print(made.id, flush=True)
    store.close()


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
