"""Signs people in without their passwords, through the portal's own session."""

from __future__ import annotations

import flask
from flask import Flask

from app.models import User
from app.web import visits
from tests.bench.load import Answer


def cookie(portal: Flask, user_id: int) -> str:
    """Answer the cookie of a person who has just signed in."""
    with portal.test_request_context():
        visits.begin(User(id=user_id, session_epoch=0), several=False)
        response = portal.make_response("")
        portal.session_interface.save_session(portal, flask.session, response)
    return response.headers["Set-Cookie"].partition(";")[0]


def renewed(answer: Answer, cookie: str) -> str:
    """Answer the cookie after an answer, which may have changed it: a page with a form puts the
    secret of its CSRF tokens there."""
    changed = [f"{name}={value}" for name, value in answer.cookies.items()]
    return "; ".join(changed or [cookie])
