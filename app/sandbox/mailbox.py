"""The mailbox: every mail that was sent here, whoever it is for, and what goes wrong with some."""

from base64 import b64encode
from email import message_from_bytes, message_from_string
from email.message import EmailMessage
from email.policy import default

from app.sandbox.clock import Clock, iso
from app.sandbox.faults import Faults
from app.sandbox.store import Json, Store

KEPT_MAILS = 2_000
_TAKEN = "250 Kept, and sent nowhere"
_ANSWERS = {
    "450": "450 The mailbox is busy, says the fault you made; come again",
    "450_after": "450 It was kept, but the fault you made says it was not; come again",
}


class Mailbox:
    """The newest two thousand mails, oldest first."""

    def __init__(self, store: Store, clock: Clock, faults: Faults) -> None:
        self._store, self._clock, self._faults = store, clock, faults

    def knows(self, recipient: str) -> bool:
        """Answer whether there is such a mailbox: always, unless a fault has it otherwise."""
        return self._faults.take("mail", "mail", [recipient], ("550",)) is None

    def take(self, recipients: list[str], content: bytes) -> str:
        """Keep a mail, or let a fault have it; answers what the sender is told."""
        with self._store.transaction():
            fault = self._faults.take("mail", "mail", recipients, tuple(_ANSWERS))
            kind = fault["fault"] if fault else None
            if kind != "450":
                self._keep(recipients, content)
        return _ANSWERS[kind] if kind else _TAKEN

    def all(self, recipient: str = "") -> list[Json]:
        """Answer the mails to a recipient, or to anyone, oldest first; `repeats` is the id of the
        first one with the same Message-ID."""
        first: dict[str, str] = {}
        mails = self._store.find("", "mails")
        for mail in mails:
            known = first.setdefault(mail["message_id"] or mail["id"], mail["id"])
            mail["repeats"] = known if known != mail["id"] else None
        wanted = recipient.strip().lower()
        return [mail for mail in mails if any(wanted in to.lower() for to in mail["to"])]

    def get(self, id: str) -> Json | None:
        """Answer a mail; None when there is none."""
        return next((mail for mail in self.all() if mail["id"] == id), None)

    def _keep(self, recipients: list[str], content: bytes) -> None:
        number = self._store.count("mails")
        mail = {"id": str(number), "to": recipients, "received_at": iso(self._clock.now())}
        self._store.put("", "mails", str(number), {**mail, **_read(content)})
        self._store.delete("", "mails", str(number - KEPT_MAILS))


def with_pictures(mail: Json) -> str:
    """Answer a mail's HTML with the pictures that came beside it, as mail programs show it."""
    html = str(mail["html"])
    message = message_from_string(mail["raw"], policy=default)
    for part in message.walk():
        name = str(part["Content-ID"] or "").strip("<> ")
        if name and part.get_content_maintype() == "image":
            written = b64encode(part.get_content()).decode()
            html = html.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{written}")
    return html


def _read(content: bytes) -> Json:
    message = message_from_bytes(content, policy=default)
    return {
        "message_id": str(message["Message-ID"] or "").strip("<> "),
        "from": str(message["From"] or ""),
        "reply_to": str(message["Reply-To"] or "") or None,
        "subject": str(message["Subject"] or ""),
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
        "raw": content.decode(errors="replace"),
    }


def _part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else None
