"""The token of forms belongs to one session."""

from __future__ import annotations

from flask import Flask, session

from app.web import csrf
from tests.cast import World
from tests.pages import Visitor


def token(visitor: Visitor, world: World) -> str:
    """Answer the token of the form that signs out."""
    return visitor.opens(f"/t/{world.globex.uuid}/plans").fields("/sign-out")["csrf_token"]


class TestToken:
    def test_is_another_for_everybody_else(
        self, tara: Visitor, milo: Visitor, world: World
    ) -> None:
        assert token(tara, world) != token(milo, world)

    def test_of_somebody_else_is_refused(self, tara: Visitor, milo: Visitor, world: World) -> None:
        form = {"csrf_token": token(milo, world)}

        assert tara.client.post("/sign-out", data=form).status_code == 400
        assert tara.opens(f"/t/{world.globex.uuid}/plans").status == 200

    def test_is_of_the_session_at_hand(self, flask_app: Flask) -> None:
        with flask_app.test_request_context():
            before = csrf.token()
            session.clear()
            after = csrf.token()

            assert before != after == csrf.token()
            assert "csrf_token" in session
