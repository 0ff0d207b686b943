"""A body is posted to the address that was checked, by name, once, and within bounds."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app import clock
from app.billing.webhooks import posts
from app.billing.webhooks.posts import Reply
from tests import together
from tests.waiting import PATIENCE_SECONDS

NAME = "hooks.example.com"
Answer = Callable[[socket.socket], None]


class Host:
    """A host that says what it is told to, and keeps what it was asked."""

    def __init__(self, answer: bytes = b"", context: ssl.SSLContext | None = None) -> None:
        self.asked: list[bytes] = []
        self.answer = answer
        self.is_slow = threading.Event()
        self._leaving = threading.Event()
        self._context = context
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._running = together.start(self._run)

    def stop(self) -> None:
        """Listen no more."""
        self._leaving.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._running.answer()

    def _run(self) -> None:
        while True:
            try:
                plain, _ = self._server.accept()
            except OSError:
                return
            with plain, suppress(OSError):
                self._talk(plain)

    def _talk(self, plain: socket.socket) -> None:
        plain.settimeout(10)
        context = self._context
        with context.wrap_socket(plain, server_side=True) if context else plain as client:
            asked = b""
            while not asked.endswith(b"{}"):
                received = client.recv(65536)
                if not received:
                    return
                asked += received
            self.asked.append(asked)
            if not self.is_slow.is_set():
                client.sendall(self.answer)
                return
            client.sendall(b"HTTP/1.1 200 OK\r\n")
            while not self._leaving.wait(0.01):
                client.sendall(b"a")


@pytest.fixture
def host() -> Iterator[Host]:
    """Give a host without TLS that takes everything."""
    host = Host(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    yield host
    host.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """Answer the certificate of a host called by our name, and what it serves it with."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(clock.wall() - timedelta(days=1))
        .not_valid_after(clock.wall() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "host.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


def post(
    host: Host, path: str = "/in", name: str = NAME, scheme: str = "http", **how: str
) -> Reply:
    """Post to a host by a name that leads to this machine."""
    url = f"{scheme}://{name}:{host.port}{path}"
    headers = {"Content-Type": "application/json"}
    look_up = lambda *_: ["127.0.0.1"]  # noqa: E731
    ca_certs = how.get("ca_certs")
    return posts.post(url, b"{}", headers, is_open=True, look_up=look_up, ca_certs=ca_certs)


class TestAPost:
    def test_says_its_name_to_the_address_that_was_checked(self, host: Host) -> None:
        reply = post(host, "/in?app=1")

        (asked,) = host.asked
        assert asked.startswith(b"POST /in?app=1 HTTP/1.1\r\n")
        assert f"Host: {NAME}:{host.port}\r\n".encode() in asked
        assert (reply.status, reply.body, reply.error, reply.is_success) == (200, "ok", None, True)

    def test_does_not_follow(self, host: Host) -> None:
        host.answer = b"HTTP/1.1 307 Go\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"

        reply = post(host)

        assert (reply.status, reply.is_success, len(host.asked)) == (307, False, 1)

    def test_asks_no_proxy(self, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
        for variable in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(variable, "http://127.0.0.1:9")

        assert post(host).is_success

    def test_keeps_the_beginning_of_a_long_answer(self, host: Host) -> None:
        host.answer = b"HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\n" + b"\0no" * 33334

        reply = post(host)

        assert reply.status == 500
        assert reply.body is not None and 600 < len(reply.body) <= posts.KEPT_BYTES
        assert "\0" not in reply.body

    @pytest.mark.parametrize("answer", [b"", b"hello\r\n"])
    def test_says_that_an_answer_is_none(self, host: Host, answer: bytes) -> None:
        host.answer = answer

        reply = post(host)

        assert (reply.status, reply.is_success) == (None, False)
        assert reply.error

    def test_goes_by_the_status_where_the_rest_does_not_come(self, host: Host) -> None:
        host.answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"

        reply = post(host)

        assert (reply.status, reply.body, reply.is_success) == (200, "", True)

    def test_is_cut_where_an_answer_never_ends(
        self, host: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(posts, "WHOLE_SECONDS", 0.2)
        host.is_slow.set()

        reply = post(host)

        assert 100 < reply.milliseconds < 1000 * PATIENCE_SECONDS

    def test_says_that_nobody_is_there(self, host: Host) -> None:
        host.stop()

        reply = post(host)

        assert reply.error is not None and reply.error.startswith("NewConnectionError")


class TestTls:
    @pytest.fixture
    def secure(self, certificate: tuple[Path, ssl.SSLContext]) -> Iterator[Host]:
        """Give a host that proves its name."""
        _, context = certificate
        host = Host(b"HTTP/1.1 204 OK\r\n\r\n", context)
        yield host
        host.stop()

    def test_proves_the_name_and_not_the_address(
        self, secure: Host, certificate: tuple[Path, ssl.SSLContext]
    ) -> None:
        reply = post(secure, scheme="https", ca_certs=str(certificate[0]))

        assert (reply.status, reply.error) == (204, None)

    def test_of_another_name_is_refused(
        self, secure: Host, certificate: tuple[Path, ssl.SSLContext]
    ) -> None:
        reply = post(secure, name="a.example", scheme="https", ca_certs=str(certificate[0]))

        assert reply.error is not None and reply.error.startswith("SSLError: hostname 'a.ex")
        assert secure.asked == []

    def test_of_somebody_unknown_is_refused(self, secure: Host) -> None:
        reply = post(secure, scheme="https")

        assert reply.error is not None and "CERTIFICATE_VERIFY_FAILED" in reply.error
        assert secure.asked == []
