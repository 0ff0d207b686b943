"""Run the sandbox by itself: `python -m app.sandbox`, until SIGTERM or Ctrl-C."""

import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from app.sandbox import Sandbox, create_sandbox, smtp
from app.sandbox.serve import Server

_TO_MAILBOX = 15
_ENDS = (signal.SIGTERM, signal.SIGINT)
USAGE = """python -m app.sandbox serves Stripe's and Mollie's sandbox on 127.0.0.1.

SANDBOX_PORT   the port (default 5010)
SMTP_PORT      where it takes mail (default: 15 above SANDBOX_PORT, 5025)
SANDBOX_STATE  a file to keep everything in (default: memory only)
SANDBOX_SEED   makes ids the same on every run (default: random)
"""


def main() -> int:
    """Serve until Ctrl-C or SIGTERM."""
    if len(sys.argv) > 1:
        sys.stdout.write(USAGE)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    # Before any thread begins: what is blocked here is blocked in each, and waits for `_serve`.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    try:
        port = _port("SANDBOX_PORT", 5010)
        mail_port = _port("SMTP_PORT", port and _mail_port(port))
    except ValueError as e:
        _complain(str(e))
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
        return _listen(app, port, mail_port)
    finally:
        app.close()


def _port(setting: str, default: int) -> int:
    text = os.environ.get(setting) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ValueError(f"{setting} must be a port number, not {text!r}.")
    return int(text)


def _mail_port(port: int) -> int:
    return port + _TO_MAILBOX if port + _TO_MAILBOX <= 65535 else port - _TO_MAILBOX


def _listen(app: Sandbox, port: int, mail_port: int) -> int:
    # The web port first: where another sandbox runs, that is the one to be named.
    try:
        server = Server(app, port)
    except OSError as e:
        _complain(f"The sandbox cannot listen on 127.0.0.1:{port}: {e.strerror}.")
        return 1
    try:
        door = smtp.open_mailbox(app.world.mailbox, mail_port)
    except OSError as e:
        server.server_close()
        _complain(f"The sandbox cannot take mail on 127.0.0.1:{mail_port}: {e.strerror}.")
        return 1
    try:
        return _serve(app, server)
    finally:
        door.close()


def _serve(app: Sandbox, server: Server) -> int:
    app.world.base_url = server.url
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="sandbox-server")
    thread.start()
    sys.stdout.write(f"The sandbox listens on {server.url}\n")
    sys.stdout.flush()
    signal.sigwait(_ENDS)
    # First the threads that may hold an answer back, then the server that waits for them.
    app.world.stop()
    server.stop()
    thread.join()
    return 0


def _complain(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main())
