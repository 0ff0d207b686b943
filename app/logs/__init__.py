"""Logs: what this program says of itself, a line each, as JSON or for a person, without secrets."""

from __future__ import annotations

import logging
import sys
import threading

from app.logs.formatters import Human, Json
from app.logs.scrubber import Scrubber
from config import Config

# Libraries are heard only when they warn: some would print addresses and bodies.
_OURS = "app"

log = logging.getLogger(__name__)


def begin(config: Config) -> None:
    """Have everything said from now on written to standard error; safe to repeat."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json() if config.LOG_FORMAT == "json" else Human())
    handler.addFilter(Scrubber())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(config.LOG_LEVEL)
    logging.captureWarnings(True)
    # Nobody reads these of a record, and finding them out takes time in each line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    sys.excepthook = _hear_end
    threading.excepthook = _hear_thread


def _hear_end(kind: type[BaseException], error: BaseException, trace: object) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, error.__traceback__)
        return
    log.critical("The program ends: %s", kind.__name__, exc_info=error)


def _hear_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is not SystemExit:
        name = args.thread.name if args.thread else "a thread"
        log.critical("%s ends: %s", name, args.exc_type.__name__, exc_info=args.exc_value)
