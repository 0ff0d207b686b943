"""The mail server is spoken to as its address says: encrypted, and with its password."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.billing.mail.outbox import NotSent, ServerAway, Undeliverable
from app.mails.server import Server
from app.sandbox.smtp import Door

# No time of a test's own: the certificate is good whenever it runs.
_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
_UNTIL = datetime(2120, 1, 1, tzinfo=UTC)


class Office:
    """A mail server that keeps what it was told, and answers what the test says."""

    def __init__(self, answer: str = "250 OK", refusal: str = "") -> None:
        self.answer, self.refusal = answer, refusal
        self.kept: list[bytes] = []
        self.sessions: set[int] = set()
        self.was_encrypted = False

    async def handle_RCPT(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        self.sessions.add(id(session))
        self.was_encrypted = session.ssl is not None
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.kept.append(envelope.original_content or b"")
        return self.answer


def knows_acme(
    _server: SMTP, _session: Session, _envelope: Envelope, _how: str, said: object
) -> AuthResult:
    right = LoginPassword(b"acme", b"p@ss/word")
    return AuthResult(success=said == right, handled=False)


@contextmanager
def serving(
    office: Office,
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    asks_password: bool = False,
) -> Iterator[int]:
    """Serve on a free port and give its number."""
    door = Door(
        office,
        tls=tls,
        tls_context=starttls,
        require_starttls=starttls is not None,
        authenticator=knows_acme,
        auth_required=asks_password,
        auth_require_tls=starttls is not None,
    )
    try:
        yield door.port
    finally:
        door.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a certificate for 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_SINCE)
        .not_valid_after(_UNTIL)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """Answer what a server with that certificate encrypts with."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine trust the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def message() -> EmailMessage:
    written = EmailMessage()
    written["From"] = "billing@acme.example"
    written["To"] = "tara@globex.example"
    written["Subject"] = "Hello"
    written.set_content("Hello.")
    return written


def send(url: str, times: int = 1) -> None:
    with Server(url, name="acme.example") as server:
        for _ in range(times):
            server.send(message())


class TestSend:
    def test_hands_several_over_in_one_connection(self) -> None:
        office = Office()
        with serving(office) as port:
            send(f"smtp://127.0.0.1:{port}", times=3)

        assert len(office.kept) == 3
        assert len(office.sessions) == 1
        assert b"Subject: Hello" in office.kept[0]

    @pytest.mark.usefixtures("trusted")
    def test_is_encrypted_from_the_start_at_smtps(self, tls: ssl.SSLContext) -> None:
        office = Office()
        with serving(office, tls=tls) as port:
            send(f"smtps://127.0.0.1:{port}")

        assert len(office.kept) == 1

    @pytest.mark.usefixtures("trusted")
    def test_is_encrypted_before_it_says_anything_with_starttls(self, tls: ssl.SSLContext) -> None:
        office = Office()
        with serving(office, starttls=tls, asks_password=True) as port:
            send(f"smtp://acme:p%40ss%2Fword@127.0.0.1:{port}?starttls")

        assert (len(office.kept), office.was_encrypted) == (1, True)

    def test_trusts_no_strangers_certificate(self, tls: ssl.SSLContext) -> None:
        office = Office()
        with serving(office, starttls=tls) as port, pytest.raises(ServerAway, match="certificate"):
            send(f"smtp://127.0.0.1:{port}?starttls")

        assert office.kept == []

    def test_says_nothing_to_a_server_that_cannot_encrypt(self) -> None:
        office = Office()
        with serving(office) as port, pytest.raises(ServerAway, match="STARTTLS"):
            send(f"smtp://127.0.0.1:{port}?starttls")

        assert office.sessions == set()

    @pytest.mark.usefixtures("trusted")
    def test_a_wrong_password_is_not_the_mails_fault(self, tls: ssl.SSLContext) -> None:
        refused = pytest.raises(ServerAway, match="535")
        with serving(Office(), starttls=tls, asks_password=True) as port, refused:
            send(f"smtp://acme:wrong@127.0.0.1:{port}?starttls")

    def test_a_server_that_is_not_there_is_away(self) -> None:
        with serving(Office()) as port:
            pass
        with pytest.raises(ServerAway):
            send(f"smtp://127.0.0.1:{port}")

    @pytest.mark.parametrize(
        ("refusal", "answer", "kind"),
        [
            ("550 no such mailbox", "", Undeliverable),
            ("450 try later", "", NotSent),
            ("", "554 looks like spam", NotSent),
            ("", "451 not now", NotSent),
        ],
    )
    def test_only_a_recipient_that_is_refused_for_good_is_given_up(
        self, refusal: str, answer: str, kind: type[NotSent]
    ) -> None:
        with serving(Office(answer, refusal)) as port, pytest.raises(NotSent) as refused:
            send(f"smtp://127.0.0.1:{port}")

        assert type(refused.value) is kind
        assert str(refused.value) == (refusal or answer)

    def test_an_address_the_server_cannot_write_is_given_up(self) -> None:
        foreign = message()
        foreign.replace_header("To", "тара@globex.example")
        with serving(Office()) as port, Server(f"smtp://127.0.0.1:{port}", name="x") as server:
            with pytest.raises(Undeliverable):
                server.send(foreign)
            server.send(message())

    def test_goes_on_after_one_that_was_refused(self) -> None:
        office = Office(answer="451 not now")
        with serving(office) as port, Server(f"smtp://127.0.0.1:{port}", name="x") as server:
            with pytest.raises(NotSent):
                server.send(message())
            office.answer = "250 OK"
            server.send(message())

        assert len(office.kept) == 2
