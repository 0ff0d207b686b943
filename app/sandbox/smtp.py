"""The mailbox's door: an SMTP server on this machine that lets every mail in."""

import asyncio
import threading

from aiosmtpd.smtp import SMTP, Envelope, Session

from app.sandbox.mailbox import Mailbox

LARGEST_MAIL = 10 * 1024 * 1024


class Door:
    """Listens on 127.0.0.1 until `close()`; port 0 chooses a free one. Raises OSError where the
    port is taken."""

    def __init__(self, mailbox: Mailbox, port: int) -> None:
        self._mailbox = mailbox
        self._loop = asyncio.new_event_loop()
        try:
            self._server = self._loop.run_until_complete(
                self._loop.create_server(self._speak, "127.0.0.1", port)
            )
        except OSError:
            self._loop.close()
            raise
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox-smtp")
        self._thread.start()

    @property
    def url(self) -> str:
        """The address to send mail to."""
        return f"smtp://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop listening and hang up."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
            self._loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        self._loop.close()

    # The SMTP library asks by these names.
    async def handle_RCPT(
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Answer whether mail to an address is taken."""
        if not self._mailbox.knows(address):
            return "550 There is no such mailbox, says the fault you made"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Answer a mail that was sent whole."""
        content = envelope.original_content or b""
        return self._mailbox.take([str(to) for to in envelope.rcpt_tos], content)

    def _speak(self) -> SMTP:
        return SMTP(self, hostname="sandbox", loop=self._loop, data_size_limit=LARGEST_MAIL)
