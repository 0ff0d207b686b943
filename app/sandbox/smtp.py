"""The mailbox's door: an SMTP server on this machine that lets every mail in."""

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

from app.sandbox.mailbox import Mailbox

Answer = TypeVar("Answer")
LARGEST_MAIL = 10 * 1024 * 1024
_PATIENCE_SECONDS = 10.0


class Door:
    """Listens on 127.0.0.1 in a thread of its own until `close()`; port 0 chooses a free one.

    `handler` answers what is said, as aiosmtpd asks it; `options` are aiosmtpd's. With `tls` all of
    it is encrypted. Raises OSError where the port is taken.
    """

    def __init__(
        self, handler: object, port: int = 0, *, tls: ssl.SSLContext | None = None, **options: Any
    ) -> None:
        self._handler, self._options = handler, options
        self._callers: WeakSet[SMTP] = WeakSet()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="sandbox-smtp", daemon=True
        )
        self._thread.start()
        try:
            self._server = self._run(
                self._loop.create_server(self._speak, "127.0.0.1", port, ssl=tls)
            )
        except OSError:
            self._stop()
            raise
        self.port = int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """The address to send mail to."""
        return f"smtp://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop listening and hang up."""
        try:
            self._run(self._hang_up())
        finally:
            self._stop()

    def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        # In the loop's own thread, since the caller's may have another loop running.
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()

    async def _hang_up(self) -> None:
        self._server.close()
        for caller in list(self._callers):
            if isinstance(caller.transport, asyncio.WriteTransport):
                caller.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        # Not `gather`, which would wait for ever for a task that goes on in spite of that.
        if others:
            await asyncio.wait(others, timeout=_PATIENCE_SECONDS / 2)
        # A socket is closed one turn of the loop after its transport, an encrypted one after two.
        for _ in range(3):
            await asyncio.sleep(0)

    def _speak(self) -> SMTP:
        caller = SMTP(self._handler, hostname="sandbox", loop=self._loop, **self._options)
        self._callers.add(caller)
        return caller


def open_mailbox(mailbox: Mailbox, port: int) -> Door:
    """Take mail for everyone. Raises OSError where the port is taken."""
    return Door(_Clerk(mailbox), port, data_size_limit=LARGEST_MAIL)


class _Clerk:
    """Answers for a mailbox, by the names that aiosmtpd asks by."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        if not self._mailbox.knows(address):
            return "550 There is no such mailbox, says the fault you made"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        return self._mailbox.take([str(to) for to in envelope.rcpt_tos], content)
