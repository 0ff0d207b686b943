"""Kept connections: shared, renewed when stale, and only to whom the certificate names."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stripe
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.providers.stripe.transport import Transport
from tests import together
from tests.providers.stripe.scripted import Answer, serve

HEADERS = {"Idempotency-Key": "one"}


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """Give a server's context whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "both.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def transport_to(url: str, *, read: float = 5.0) -> Transport:
    return Transport(url, (2.0, read))


class TestKeptConnections:
    def test_serve_one_call_after_another(self) -> None:
        with serve(Answer(body="first"), Answer(body="second")) as server:
            transport = transport_to(server.url)

            bodies = [
                transport.request("post", f"{server.url}/v1/x", HEADERS, "a=1")[0] for _ in 2 * "x"
            ]
            transport.close()

        assert bodies == [b"first", b"second"]
        assert [r.connection for r in server.requests] == [1, 1]

    def test_are_shared_by_threads(self) -> None:
        with serve(Answer()) as server:
            transport = transport_to(server.url)

            def ask_ten_times(_: int) -> None:
                for _ in range(10):
                    transport.request("get", f"{server.url}/v1/x", {})

            together.each(ask_ten_times, range(4))
            transport.close()

        assert len(server.requests) == 40
        assert max(r.connection for r in server.requests) <= 4

    def test_are_opened_anew_once_where_stripe_has_closed_them(self) -> None:
        with serve(Answer(hangs_up=True), Answer(body="again")) as server:
            transport = transport_to(server.url)
            transport.request("post", f"{server.url}/v1/x", HEADERS, "a=1")

            body, status, _ = transport.request("post", f"{server.url}/v1/x", HEADERS, "a=1")
            transport.close()

        assert (body, status) == (b"again", 200)
        assert [r.connection for r in server.requests] == [1, 2]
        assert {r.headers["idempotency-key"] for r in server.requests} == {"one"}

    def test_are_not_kept_where_the_answer_ends_them(self) -> None:
        with serve(Answer(headers={"Connection": "close"})) as server:
            transport = transport_to(server.url)

            for _ in range(2):
                transport.request("get", f"{server.url}/v1/x", {})

        assert [r.connection for r in server.requests] == [1, 2]

    def test_end_with_their_client(self) -> None:
        with serve(Answer()) as server:
            transport = transport_to(server.url)
            transport.request("get", f"{server.url}/v1/x", {})
            connection, _ = transport._idle[0]

            del transport

        assert connection.sock is None

    def test_keep_the_headers_readable_in_any_case(self) -> None:
        with serve(Answer(headers={"Request-Id": "req_1"})) as server:
            transport = transport_to(server.url)

            _, _, headers = transport.request("get", f"{server.url}/v1/x", {})
            transport.close()

        assert headers["request-id"] == "req_1" and "Request-Id" in headers


class TestNoAnswer:
    def test_ends_after_the_time_out_and_may_be_tried_again(self) -> None:
        with serve(Answer(is_silent=True)) as server:
            transport = transport_to(server.url, read=0.05)

            with pytest.raises(stripe.APIConnectionError) as raised:
                transport.request("post", f"{server.url}/v1/x", HEADERS, "a=1")

        assert raised.value.should_retry
        assert len(server.requests) == 1

    def test_of_a_closed_port_may_be_tried_again(self) -> None:
        with serve(Answer()) as server:
            url = server.url

        with pytest.raises(stripe.APIConnectionError) as raised:
            transport_to(url).request("get", f"{url}/v1/x", {})

        assert raised.value.should_retry

    def test_comes_from_a_server_whose_certificate_nobody_vouches_for(
        self, self_signed: ssl.SSLContext
    ) -> None:
        refused = pytest.raises(stripe.APIConnectionError, match="certificate")

        with serve(Answer(), tls=self_signed) as server, refused as raised:
            transport_to(server.url).request("get", f"{server.url}/v1/x", {})

        assert not raised.value.should_retry
        assert server.requests == []
