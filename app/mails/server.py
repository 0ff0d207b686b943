"""The mail server: connected to when the first message comes, kept for the next ones."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

from app.billing.mail.outbox import NotSent, ServerAway, Undeliverable

_TIMEOUT_SECONDS = 15
_SUBMISSION, _SUBMISSION_TLS = 587, 465


class Server:
    """Speaks SMTP to `smtp://` or `smtps://user:password@host:port`; with `?starttls` it goes on
    only once the connection is encrypted. Use it in a `with` block."""

    def __init__(self, url: str, *, name: str) -> None:
        self._parts = urlsplit(url)
        self._must_encrypt = "starttls" in parse_qs(self._parts.query, keep_blank_values=True)
        self._name = name
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def send(self, message: EmailMessage) -> None:
        """Hand a message over. Raises Undeliverable where its recipient is refused for good,
        ServerAway where the server does not let us in, NotSent for anything else."""
        try:
            self._hand_over(self._connected(), message)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            kind = Undeliverable if code >= 500 else NotSent
            raise kind(f"{code} {_text(said)}") from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise NotSent(f"{error.smtp_code} {_text(error.smtp_error)}") from error
        except (smtplib.SMTPException, OSError) as error:
            self._leave()
            raise ServerAway(f"the mail server is out of reach: {error}") from error

    def _hand_over(self, connection: smtplib.SMTP, message: EmailMessage) -> None:
        try:
            connection.send_message(message)
        except smtplib.SMTPNotSupportedError as error:
            raise Undeliverable("the mail server takes no address with such letters") from error

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None:
            connection = self._open()
            try:
                self._introduce(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _open(self) -> smtplib.SMTP:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "smtps":
            return smtplib.SMTP_SSL(
                host,
                port or _SUBMISSION_TLS,
                local_hostname=self._name,
                timeout=_TIMEOUT_SECONDS,
                context=ssl.create_default_context(),
            )
        return smtplib.SMTP(
            host, port or _SUBMISSION, local_hostname=self._name, timeout=_TIMEOUT_SECONDS
        )

    def _introduce(self, connection: smtplib.SMTP) -> None:
        if self._must_encrypt:
            connection.starttls(context=ssl.create_default_context())
        if self._parts.username:
            connection.login(unquote(self._parts.username), unquote(self._parts.password or ""))

    def _leave(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._connection.close()
            self._connection = None


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
