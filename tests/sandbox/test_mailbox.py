"""The mailbox keeps every mail that is sent to it, and shows it safely."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest

from tests.sandbox_server import OPENER, SandboxServer
from tests.waiting import PATIENCE_SECONDS


def mail(to: str = "tara@globex.example", **headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in {"From": "Acme <billing@acme.example>", "Subject": "Übrigens"}.items():
        message[name] = headers.pop(name, value)
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message["To"] = to
    message.set_content("See https://portal.example/x for €1.")
    message.add_alternative(
        '<h1>Hello</h1><script>bad()</script><a href="https://portal.example/x">go</a>',
        subtype="html",
    )
    return message


def send(sandbox: SandboxServer, message: EmailMessage) -> None:
    parts = urlsplit(sandbox.smtp_url)
    with smtplib.SMTP(str(parts.hostname), parts.port or 0, local_hostname="tests") as door:
        door.send_message(message)


def page(sandbox: SandboxServer, path: str) -> tuple[str, str]:
    with OPENER.open(f"{sandbox.url}{path}", timeout=PATIENCE_SECONDS) as answer:
        return answer.read().decode(), answer.headers["Content-Security-Policy"]


def test_a_mail_is_kept_as_it_was_sent(sandbox: SandboxServer) -> None:
    send(sandbox, mail(Message_ID="<one@acme.example>"))

    (kept,) = sandbox.mails()

    assert kept["to"] == ["tara@globex.example"]
    assert (kept["subject"], kept["message_id"]) == ("Übrigens", "one@acme.example")
    assert kept["text"].strip() == "See https://portal.example/x for €1."
    assert "<h1>Hello</h1>" in kept["html"]
    assert kept["received_at"][:16] == sandbox.now()[:16]


def test_mails_are_found_by_their_recipient(sandbox: SandboxServer) -> None:
    for to in ("tara@globex.example", "peter@initech.example"):
        send(sandbox, mail(to))

    assert [found["to"] for found in sandbox.mails("PETER@")] == [["peter@initech.example"]]
    assert "peter@" not in page(sandbox, "/mailbox?to=tara")[0]


def test_a_reset_empties_it(sandbox: SandboxServer) -> None:
    send(sandbox, mail())

    sandbox.reset()

    assert sandbox.mails() == []


def test_a_mail_that_comes_again_is_told(sandbox: SandboxServer) -> None:
    for _ in range(2):
        send(sandbox, mail(Message_ID="<one@acme.example>"))
    first, second = (kept["id"] for kept in sandbox.mails())

    assert page(sandbox, "/mailbox")[0].count("sent again") == 1
    assert f'href="/mailbox/{first}"' in page(sandbox, f"/mailbox/{second}")[0]


def test_a_mails_html_can_do_nothing(sandbox: SandboxServer) -> None:
    send(sandbox, mail(Subject="<b>bold</b>"))
    (kept,) = sandbox.mails()

    shown, policy = page(sandbox, f"/mailbox/{kept['id']}")
    _, policy_of_html = page(sandbox, f"/mailbox/{kept['id']}/html")

    assert "&lt;b&gt;bold" in shown
    assert "frame-src 'self'" in policy
    assert policy_of_html.startswith("sandbox allow-popups ")
    assert "default-src 'none'" in policy_of_html


def test_a_picture_beside_the_html_is_shown_in_it(sandbox: SandboxServer) -> None:
    message = EmailMessage()
    message["From"] = message["To"] = "tara@globex.example"
    message.set_content('<img src="cid:logo@portico" alt="Acme">', subtype="html")
    message.add_related(b"\x89PNG", "image", "png", cid="<logo@portico>")
    send(sandbox, message)
    (kept,) = sandbox.mails()

    shown = page(sandbox, f"/mailbox/{kept['id']}/html")[0]

    assert 'src="data:image/png;base64,iVBORw=="' in shown
    assert 'src="cid:logo@portico"' in kept["html"]


def test_the_addresses_in_its_text_can_be_followed(sandbox: SandboxServer) -> None:
    send(sandbox, mail())
    (kept,) = sandbox.mails()

    assert '<a href="https://portal.example/x"' in page(sandbox, f"/mailbox/{kept['id']}")[0]
    assert "Subject: " in page(sandbox, f"/mailbox/{kept['id']}/raw")[0]


@pytest.mark.parametrize(
    ("fault", "status", "kept"), [("450", 450, 1), ("450_after", 450, 2), ("550", 550, 1)]
)
def test_a_fault_refuses_one_mail(
    sandbox: SandboxServer, fault: str, status: int, kept: int
) -> None:
    sandbox.fault(fault, target="mail", match="tara")

    send(sandbox, mail("peter@initech.example"))
    with pytest.raises((smtplib.SMTPDataError, smtplib.SMTPRecipientsRefused)) as refused:
        send(sandbox, mail())
    sandbox.clear_faults()

    assert str(status) in str(refused.value)
    assert len(sandbox.mails()) == kept
