"""Reads what processes have used: CPU of a whole tree, memory of one process."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

_PROC = Path("/proc")


def family(pid: int) -> list[int]:
    """Answer a process and all that descend from it."""
    parents = {
        int(entry.name): int(fields[1])
        for entry in _PROC.iterdir()
        if entry.name.isdigit() and (fields := _fields(int(entry.name)))
    }
    found = [pid]
    for parent in found:
        found += [child for child, its in parents.items() if its == parent]
    return found


def cpu(pid: int) -> dict[int, float]:
    """Answer the CPU seconds of a process and of each that descends from it, by process."""
    used = {}
    for member in family(pid):
        with contextlib.suppress(OSError):
            used[member] = time.clock_gettime(_clock(member))
    return used


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """Answer the CPU seconds between two readings; what ended between them is left out."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def memory(pid: int) -> tuple[int, int]:
    """Answer the resident and the proportional set size of one process, in bytes."""
    text = (_PROC / str(pid) / "smaps_rollup").read_text()
    sizes = {
        line.split(":")[0]: int(line.split()[1]) * 1024
        for line in text.splitlines()
        if line.startswith(("Rss:", "Pss:"))
    }
    return sizes["Rss"], sizes["Pss"]


def _clock(pid: int) -> int:
    # clock_getcpuclockid(3), which Python lacks. The times in /proc/<pid>/stat are counted in
    # ticks of 10 ms by some kernels, so that what never runs for a whole tick costs nothing there.
    return ~pid << 3 | 2


def _fields(pid: int) -> list[str]:
    """Answer the fields of /proc/<pid>/stat from the state on; none where it has ended."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    # The second field is the program's name, in parentheses, and may hold anything.
    return text.rpartition(")")[2].split()
