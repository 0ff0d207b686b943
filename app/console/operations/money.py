"""The money overview: what plans bring each month, and what came, went, failed and went back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from flask import render_template

from app.billing.operations import revenues
from app.billing.operations.revenues import Revenue
from app.console import guard
from app.console.operations.area import operations
from app.models import AppMember
from app.web import sessions

_WIDTH, _HEIGHT, _GAP = 600, 160, 8


@dataclass(frozen=True, slots=True)
class Bar:
    """A month's bar in a chart of 600 by 160."""

    begins: datetime
    x: int
    y: int
    width: int
    height: int


@operations.get("/console/apps/<uuid:app>/operations/money")
@guard.of_app()
def money(member: AppMember) -> str:
    figures = revenues.of(sessions.db(), member.app, now=sessions.site().clock.now())
    return render_template(
        "console/operations/money.html",
        member=member,
        charts=[(revenue, bars(revenue)) for revenue in figures],
    )


def bars(revenue: Revenue) -> list[Bar]:
    """Answer the recurring revenue of each month as bars, the highest as high as the chart."""
    most = max((month.recurring for month in revenue.months), default=Decimal(0))
    step = _WIDTH // len(revenue.months)
    heights = [int(month.recurring / most * _HEIGHT) if most else 0 for month in revenue.months]
    return [
        Bar(month.begins, place * step + _GAP // 2, _HEIGHT - height, step - _GAP, height)
        for place, (month, height) in enumerate(zip(revenue.months, heights, strict=True))
    ]
