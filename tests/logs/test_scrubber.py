"""Nothing that opens, signs or pays is ever logged."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable

import pytest

from app.billing.access import api_keys
from app.logs.formatters import Human, Json
from app.logs.scrubber import Scrubber, scrub
from tests.cast import World

UUID = "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"
TOKEN = "Zk3x_qLw9-VbT2mN8rYc5uHd7jPf0sGa4eKi6oXt1B0"
# Written apart, so that nothing that searches this repository takes them for real ones.
SECRETS = {
    "Stripe's key": ("sk_te" + "st_51HxAbCdEfGhIjKl", "asked with {}"),
    "Stripe's live key": ("sk_li" + "ve_51HxAbCdEfGhIjKl", "asked with {}."),
    "Stripe's restricted key": ("rk_li" + "ve_51HxAbCdEfGhIjKl", "({})"),
    "Mollie's key": ("te" + "st_dHar4XY7LxsDOtmnkVtjNVWXLSlXsM", "key {}"),
    "Mollie's live key": ("li" + "ve_dHar4XY7LxsDOtmnkVtjNVWXLSlXsM", "key '{}'"),
    "a webhook's secret": ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "signed with {}"),
    "our own read key": (f"portico_read_{TOKEN}", "x-api-key {}"),
    "our own write key": (f"portico_write_{TOKEN}", "x-api-key: {}"),
    "a bearer": (TOKEN, "Authorization: Bearer {}"),
    "a basic sign-in": ("YXBwOnNlY3JldC1rZXk=", "basic {}"),
    "a JSON Web Token": ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "token was {}"),
    "a database's password": ("hunter2-of-db", "postgresql+psycopg://portico:{}@db/portico"),
    "a password without a user": ("hunter2-of-redis", "redis://:{}@cache:6379/0"),
    "a portal link": (TOKEN, "opened https://billing.example.com/link/{}"),
    "a reset": (TOKEN, "GET /reset/{} 200"),
    "an invitation": (TOKEN, "GET /invitations/{}?x"),
    "a return": (TOKEN, f"GET /return/{UUID}/{{}}/left"),
    "a hook of Mollie's": (TOKEN, f"POST /hooks/mollie/{UUID}/{{}}"),
    "a query": ("code=4711&state=xyz", "GET /somewhere?{} 200"),
    "a query's value": (TOKEN, "https://example.com/x?t={}#there"),
    "a client secret": ("a1B2c3D4e5F6", "cs_test_x_secret_{}"),
    "a named password": ("correct horse", "{{'password': '{}', 'email': 'a@b.example'}}"),
    "a named secret": ("s3cr3t-value", '{{"hook_secret": "{}"}}'),
    "a named token": ("abc123", "csrf_token={} was refused"),
    "what the vault sealed": ("gAAAAABlZmFrZS1zZWFsZWQtdGV4dC1oZXJl", "row {}"),
    "a card": ("4242424242424242", "card {} refused"),
    "a card in groups": ("4000 0027 6000 3184", "card {}"),
    "a card with dashes": ("5555-5555-5555-4444", "card {}"),
    "a card of American Express": ("378282246310005", "card {}"),
}
HARMLESS = [
    f"checkout {UUID} is complete",
    f"GET /t/{UUID}/plans 200 in 12.5 ms",
    "price_demoTeamMonthEUR of cus_Q1w2e3r4t5 and sub_1MowQVLkdIwHu7ixeRlqHVzs",
    "at 1780000000000 ms, event evt_1MowQVLkdIwHu7ix",
    "12345678-1234-4123-8123-123456789012",
    "4242424242424243 is no card, as its last digit tells",
    "tr_WDqYK6vllg needs a look; 3 tokens, no secrets",
    "looked at 0 events, 0 purchases: is this enough?",
]


@pytest.fixture
def lines() -> io.StringIO:
    """Answer what a logger of the program has written."""
    return io.StringIO()


@pytest.fixture(params=[Json, Human], ids=["json", "human"])
def log(request: pytest.FixtureRequest, lines: io.StringIO) -> logging.Logger:
    """Answer a logger that writes as the program does."""
    handler = logging.StreamHandler(lines)
    handler.setFormatter(request.param())
    handler.addFilter(Scrubber())
    logger = logging.Logger("app.test")
    logger.addHandler(handler)
    return logger


def fails(text: str) -> None:
    """Break with a text, below another error that has it too."""
    try:
        raise ValueError(text)
    except ValueError as error:
        raise RuntimeError(f"again: {text}") from error


def in_a_traceback(log: logging.Logger, text: str) -> None:
    try:
        fails(text)
    except RuntimeError:
        log.exception("it broke")


WAYS: dict[str, Callable[[logging.Logger, str], None]] = {
    "message": lambda log, text: log.error(text),
    "argument": lambda log, text: log.error("said: %s", text),
    "argument that is no text": lambda log, text: log.error("said: %s", ValueError(text)),
    "named argument": lambda log, text: log.error("%(said)s", {"said": text}),
    "argument too many": lambda log, text: log.error("nothing to fill", text),
    "extra": lambda log, text: log.error("see", extra={"said": text, "more": [text]}),
    "traceback": in_a_traceback,
}


class TestScrub:
    @pytest.mark.parametrize("kind", SECRETS)
    def test_takes_out(self, kind: str) -> None:
        secret, sentence = SECRETS[kind]

        said = scrub(sentence.format(secret))

        assert secret not in said
        assert "…" in said

    def test_takes_out_a_key_that_was_just_made(self, world: World) -> None:
        _, secret = api_keys.issue(world.db, world.app, "Shop", "write")
        world.db.rollback()

        assert scrub(f"made {secret} for Shop") == "made portico_write_… for Shop"

    @pytest.mark.parametrize("text", HARMLESS)
    def test_leaves_alone(self, text: str) -> None:
        assert scrub(text) == text

    def test_leaves_what_tells_where_to_look(self) -> None:
        said = scrub(f"postgresql://portico:hunter2@db.example.com/x, /return/{UUID}/{TOKEN}/left")

        assert said == f"postgresql://portico:…@db.example.com/x, /return/{UUID}/…/left"

    def test_is_not_held_up_by_a_long_text(self) -> None:
        assert scrub("a-" * 50_000) == "a-" * 50_000


class TestScrubber:
    @pytest.mark.parametrize("way", WAYS)
    def test_cleans_every_part_of_a_line(
        self, log: logging.Logger, lines: io.StringIO, way: str
    ) -> None:
        secret = SECRETS["Stripe's key"][0]

        WAYS[way](log, f"asked with {secret}")

        said = lines.getvalue()
        assert said and secret not in said
        # At a terminal nobody is shown extras.
        shows_it = way != "extra" or said.startswith("{")
        assert ("sk_test_…" in said) is shows_it

    def test_never_stops_what_is_logging(self, log: logging.Logger, lines: io.StringIO) -> None:
        log.error("%d of %d", "three")

        assert "%d of %d" in lines.getvalue()


class TestJson:
    def test_keeps_a_traceback_in_one_line(self) -> None:
        lines = io.StringIO()
        handler = logging.StreamHandler(lines)
        handler.setFormatter(Json())
        logger = logging.Logger("app.test")
        logger.addHandler(handler)

        in_a_traceback(logger, "no bread")
        (line,) = lines.getvalue().splitlines()

        said = json.loads(line)
        assert (said["level"], said["logger"], said["message"]) == ("ERROR", "app.test", "it broke")
        assert "RuntimeError: again: no bread" in said["error"]
        assert said["time"].endswith("Z") and "T" in said["time"]
