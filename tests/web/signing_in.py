"""Ways to sign in that tests share."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp

from app import clock
from app.billing.people import attempts
from tests.cast import PASSWORDS
from tests.pages import Page, Visitor

TARA = "tara@globex.example"


def sign_in(visitor: Visitor, email: str = TARA) -> Page:
    """Send the sign-in page with the right password."""
    return visitor.posts("/sign-in", {"email": email, "password": PASSWORDS[email]})


def assert_says_when(page: Page, sentence: str) -> None:
    """Expect a refusal that tells people and programs when to try again."""
    assert page.status == 429
    (problem,) = page.problems
    assert re.fullmatch(rf"{re.escape(sentence)} Try again in (a minute|\d+ minutes)\.", problem)
    assert 0 < int(page.headers["Retry-After"]) <= attempts.WINDOW.total_seconds()


def code_of(secret: str, *, steps: int = 0) -> str:
    """Answer the code an authenticator app shows, some steps of 30 seconds from now."""
    return pyotp.TOTP(secret).at(clock.wall() + timedelta(seconds=30 * steps))


def fresh_code(secret: str) -> str:
    """Answer a code that is newer than the one of the set-up: the next one, which is taken half a
    minute early, and still is where the step ends meanwhile."""
    return code_of(secret, steps=1)


def secret_on(page: Page) -> str:
    """Answer the secret that the page of the set-up shows."""
    return page.words("two-factor-secret").replace(" ", "")


def enable(visitor: Visitor) -> tuple[str, list[str]]:
    """Set two-factor sign-in up, and answer the secret and the recovery codes."""
    secret = secret_on(visitor.opens("/account/two-factor"))
    told = visitor.posts("/account/two-factor", {"code": code_of(secret)})
    assert told.location == "/account/two-factor/codes", told.text
    return secret, visitor.opens(told.location).words("recovery-codes").split()
