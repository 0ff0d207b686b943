"""Homes: the first page of an app in the console, with what is left to do and what came last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.billing.apps import apps, checklists
from app.billing.apps.checklists import Step
from app.billing.operations import listings
from app.billing.operations.listings import Page, Wanted
from app.models import App, CheckoutSession

LATEST = 6


@dataclass(frozen=True, slots=True)
class Home:
    """What the page shows. `steps` is empty once all are done, `waiting` needs a person, and
    `latest` are payments of the app's present mode."""

    steps: Sequence[Step]
    waiting: Sequence[CheckoutSession]
    latest: Page


def show(db: Session, app: App) -> Home:
    """Answer how an app stands; every question is answered by an index."""
    return Home(
        steps=checklists.of(db, app),
        waiting=apps.attention(db, [app]),
        latest=listings.page(db, app, "payments", Wanted(livemode=app.livemode), limit=LATEST),
    )
