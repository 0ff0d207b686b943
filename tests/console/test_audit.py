"""The audit log of an app."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.apps import audits
from app.clock import wall
from app.models import AppMember
from tests.cast import World
from tests.pages import Visitor


class TestTheAuditLog:
    def test_lists_who_did_what_page_by_page(
        self, flask_app: Flask, world: World, db: Session
    ) -> None:
        member = db.scalars(select(AppMember)).one()
        for number in range(60):
            audits.note(db, member, "api_key.revoked", f"key {number}", now=wall())
        db.commit()
        alice = Visitor(flask_app, world.alice)
        path = f"/console/apps/{world.app.uuid}/audit"
        db.commit()

        first = alice.opens(path)
        older = next(a.get("href", "") for a in first.all("a") if "before=" in a.get("href", ""))
        second = alice.opens(path + older)

        assert "alice@acme.example" in first.words()
        assert "key 59" in first.words() and "key 9 " not in first.words() + " "
        assert "key 0" in second.words() and "key 59" not in second.words()

    @pytest.mark.parametrize("list_", ["audit?before", "catalogue?after", "catalogue/tax?before"])
    def test_begins_anew_where_the_place_to_go_on_is_none(
        self, flask_app: Flask, world: World, list_: str
    ) -> None:
        alice = Visitor(flask_app, world.alice)
        home = f"/console/apps/{world.app.uuid}"

        for place in ("9" * 20, "-1", "nonsense"):
            assert alice.opens(f"{home}/{list_}={place}").status == 200
