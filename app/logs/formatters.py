"""Two ways to write a line: JSON for programs, and short for a person at a terminal."""

from __future__ import annotations

import json
import logging
import time

from app.logs import context

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
# What every record has; the rest was given by `extra`.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "is_clean"}


class Json(logging.Formatter):
    """One JSON object a line: `time` (UTC), `level`, `logger`, `message`, what is known of the
    request or job, what `extra` named, and `error` with the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": f"{_second(int(record.created))}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **context.fields(),
            **given(record),
        }
        if trace := _trace(self, record):
            said["error"] = trace
        return _encode(said)


class Human(logging.Formatter):
    """Time, level, logger and message, then the id of the request or job."""

    def format(self, record: logging.LogRecord) -> str:
        doing = context.fields()
        known = doing.get("request_id") or doing.get("job_id")
        line = f"{_second(int(record.created))[11:]} {record.levelname:7} {record.name}: "
        line += record.getMessage() + (f" [{known}]" if known else "")
        trace = _trace(self, record)
        return f"{line}\n{trace}" if trace else line


def given(record: logging.LogRecord) -> dict[str, object]:
    """Answer what a record was given by `extra`."""
    kept = vars(record)
    return {name: kept[name] for name in kept.keys() - _USUAL}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if record.exc_info and not record.exc_text:
        record.exc_text = formatter.formatException(record.exc_info)
    return "\n".join(filter(None, (record.exc_text, record.stack_info)))


_last: tuple[int, str] = (0, "")


def _second(moment: int) -> str:
    # Written once a second; threads that meet here at worst write the same twice.
    global _last
    known, text = _last
    if known != moment:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
        _last = (moment, text)
    return text
