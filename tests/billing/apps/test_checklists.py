"""The checklist of a new app."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.access import portal_links
from app.billing.apps import checklists
from app.billing.site import Site
from app.db.engine import Database
from app.models import ApiKey, App, Origin, PortalLink, Price, Product, ProviderAccount, TaxRate
from tests.cast import World
from tests.statements import Statements


def open_steps(db: Session, app: App) -> set[str]:
    return {step.name for step in checklists.of(db, app) if not step.is_done}


class TestTheChecklist:
    def test_is_whole_for_an_app_without_anything(self, db: Session) -> None:
        app = App(name="New", seller_name="New", seller_country="DE")
        db.add(app)
        db.flush()

        steps = checklists.of(db, app)

        assert [step.name for step in steps] == [
            *("provider", "product", "tax", "origin", "key", "link"),
        ]
        assert not any(step.is_done for step in steps)

    def test_is_ticked_by_what_is_there_and_gone_once_all_is(
        self, world: World, db: Session, site: Site
    ) -> None:
        assert open_steps(db, world.app) == {"link"}

        portal_links.issue(db, site, tenant=world.globex)

        assert checklists.of(db, world.app) == []

    def test_counts_nothing_that_is_over(self, world: World, db: Session, site: Site) -> None:
        portal_links.issue(db, site, tenant=world.globex)
        now = clock.wall()
        db.execute(update(ProviderAccount).values(disconnected_at=now))
        db.execute(update(Price).values(archived_at=now))
        db.execute(update(TaxRate).values(archived_at=now))
        db.execute(update(Origin).values(deleted_at=now))
        db.execute(update(ApiKey).values(revoked_at=now))
        db.execute(delete(PortalLink))

        assert len(open_steps(db, world.app)) == 6

        db.execute(update(Price).values(archived_at=None))
        assert "product" not in open_steps(db, world.app)
        db.execute(update(Product).values(archived_at=now))
        assert "product" in open_steps(db, world.app)

    def test_takes_one_query(self, world: World, db: Session, database: Database) -> None:
        app = world.app
        asked = Statements(database)

        checklists.of(db, app)

        assert len(asked.said) == 1
