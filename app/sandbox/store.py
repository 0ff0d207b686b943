"""Keep what the sandbox remembers: JSON values by space, kind and id, in memory or in one file."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Address = tuple[str, str, str]

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    space TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL,
    value TEXT NOT NULL, PRIMARY KEY (space, kind, id)
) WITHOUT ROWID
"""


@dataclass(frozen=True)
class Row:
    """One stored value: its JSON text, the parsed value (never changed), its place in order."""

    seq: int
    text: str
    value: Json


class Store:
    """Every read gives a copy; every write happens inside `transaction()` or is its own one."""

    def __init__(self, path: Path | None = None) -> None:
        self.lock = threading.RLock()
        self._rows: dict[tuple[str, str], dict[str, Row]] = {}
        self._undo: dict[Address, Row | None] = {}
        self._after: list[Callable[[], None]] = []
        self._depth = 0
        self._seq = 0
        self._file = _open(path) if path else None
        if self._file:
            self._read_file(self._file)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside happen or not happen; inner ones join the outer one."""
        with self.lock:
            self._depth += 1
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self._roll_back()
                raise
            else:
                callbacks = self._commit() if self._depth == 1 else []
            finally:
                self._depth -= 1
        for callback in callbacks:
            callback()

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Run `callback` once the transaction now open has been kept, outside its lock."""
        self._after.append(callback)

    def get(self, space: str, kind: str, id: str) -> Json | None:
        """Give a copy of a value; None when there is none."""
        with self.lock:
            row = self._rows.get((space, kind), {}).get(id)
        return json.loads(row.text) if row else None

    def put(self, space: str, kind: str, id: str, value: Json) -> None:
        """Store a value, new or in place of the earlier one."""
        text = json.dumps(value)
        with self.transaction():
            rows = self._rows.setdefault((space, kind), {})
            old = rows.get(id)
            self._undo.setdefault((space, kind, id), old)
            if old is None:
                self._seq += 1
            rows[id] = Row(old.seq if old else self._seq, text, json.loads(text))

    def delete(self, space: str, kind: str, id: str) -> None:
        """Forget a value, if it is there."""
        with self.transaction():
            rows = self._rows.get((space, kind), {})
            if id in rows:
                self._undo.setdefault((space, kind, id), rows[id])
                del rows[id]

    def find(
        self, space: str, kind: str, matches: Callable[[Json], bool] | None = None
    ) -> list[Json]:
        """Give copies of what `matches`, in the order of making. `matches` must change nothing."""
        with self.lock:
            rows = list(self._rows.get((space, kind), {}).values())
        rows.sort(key=lambda row: row.seq)
        return [json.loads(row.text) for row in rows if matches is None or matches(row.value)]

    def count(self, name: str, space: str = "") -> int:
        """Answer the next number of a counter: 1, 2 and so on, never one twice."""
        with self.transaction():
            row = self.get(space, "counters", name)
            number: int = row["number"] + 1 if row else 1
            self.put(space, "counters", name, {"number": number})
        return number

    def spaces_of(self, kind: str, id: str) -> list[str]:
        """Name the spaces that hold this id."""
        with self.lock:
            return [space for (space, k), rows in self._rows.items() if k == kind and id in rows]

    def clear(self, keep: frozenset[str]) -> None:
        """Forget everything except the kinds in `keep`."""
        with self.transaction():
            for (space, kind), rows in self._rows.items():
                if kind not in keep:
                    for id in list(rows):
                        self.delete(space, kind, id)

    def close(self) -> None:
        """Let go of the file."""
        with self.lock:
            if self._file:
                self._file.close()
                self._file = None

    def _roll_back(self) -> None:
        for (space, kind, id), row in self._undo.items():
            rows = self._rows.setdefault((space, kind), {})
            if row is None:
                rows.pop(id, None)
            else:
                rows[id] = row
        self._undo.clear()
        self._after.clear()

    def _commit(self) -> list[Callable[[], None]]:
        if self._file and self._undo:
            self._write_file(self._file)
        self._undo.clear()
        callbacks, self._after = self._after, []
        return callbacks

    def _write_file(self, file: sqlite3.Connection) -> None:
        with file:
            for space, kind, id in self._undo:
                row = self._rows.get((space, kind), {}).get(id)
                if row is None:
                    file.execute(
                        "DELETE FROM objects WHERE space=? AND kind=? AND id=?", (space, kind, id)
                    )
                else:
                    file.execute(
                        "INSERT OR REPLACE INTO objects VALUES (?,?,?,?,?)",
                        (space, kind, id, row.seq, row.text),
                    )

    def _read_file(self, file: sqlite3.Connection) -> None:
        for space, kind, id, seq, text in file.execute("SELECT * FROM objects ORDER BY seq"):
            self._rows.setdefault((space, kind), {})[id] = Row(seq, text, json.loads(text))
            self._seq = seq


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = sqlite3.connect(path, check_same_thread=False)
    file.execute("PRAGMA journal_mode=WAL")
    # Survives the end of the process at any moment; only a power cut may cost the last change.
    file.execute("PRAGMA synchronous=NORMAL")
    file.execute(SCHEMA)
    return file
