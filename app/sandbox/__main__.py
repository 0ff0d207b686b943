"""Run the sandbox by itself: `python -m app.sandbox`, until SIGTERM or Ctrl-C."""

import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from app.sandbox import Sandbox, create_sandbox
from app.sandbox.serve import Server

USAGE = """python -m app.sandbox serves Stripe's and Mollie's sandbox on 127.0.0.1.

SANDBOX_PORT   the port (default 5010)
SANDBOX_STATE  a file to keep everything in (default: memory only)
SANDBOX_SEED   makes ids the same on every run (default: random)
"""


def main() -> int:
    """Serve until Ctrl-C or SIGTERM."""
    if len(sys.argv) > 1:
        sys.stdout.write(USAGE)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    port = os.environ.get("SANDBOX_PORT", "5010")
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        _complain(f"SANDBOX_PORT must be a port number, not {port!r}.")
        return 2
    state = os.environ.get("SANDBOX_STATE")
    try:
        app = create_sandbox(
            seed=os.environ.get("SANDBOX_SEED"), state=Path(state) if state else None
        )
    except (OSError, sqlite3.Error) as e:
        _complain(f"The sandbox cannot keep its state in {state}: {e}.")
        return 1
    try:
        return _serve(app, int(port))
    finally:
        app.close()


def _serve(app: Sandbox, port: int) -> int:
    try:
        server = Server(app, port)
    except OSError as e:
        _complain(f"The sandbox cannot listen on 127.0.0.1:{port}: {e.strerror}.")
        return 1
    app.world.base_url = server.url
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="sandbox-server")
    thread.start()
    sys.stdout.write(f"The sandbox listens on {server.url}\n")
    sys.stdout.flush()
    ended.wait()
    # First the threads that may hold an answer back, then the server that waits for them.
    app.world.stop()
    server.stop()
    thread.join()
    return 0


def _complain(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main())
