"""What drawing an invoice as PDF costs, in CPU time of this process."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from flask import Flask

from app.models import App, Invoice
from app.web import invoice_papers, languages
from tests.bench.report import Goal

COUNT = 1000
GOAL_MS = 50.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of CPU for one invoice, of many drawn one after the other."""

    count: int
    mean_ms: float
    p99_ms: float
    first_ms: float
    mean_kilobytes: float

    @property
    def goal(self) -> Goal:
        """Nearly every invoice, not only the average one, is to cost less than this."""
        return Goal("an invoice drawn as PDF, p99 of CPU", self.p99_ms, GOAL_MS, "ms")

    def __str__(self) -> str:
        return (
            f"invoices drawn      {self.count}: {self.mean_ms:.1f} ms of CPU each, p99"
            f" {self.p99_ms:.1f} ms, the first {self.first_ms:.0f} ms,"
            f" {self.mean_kilobytes:.0f} kB"
        )


def measure(count: int = COUNT) -> Cost:
    """Draw so many invoices, each another one, and answer what they cost."""
    flask_app = Flask(__name__)
    languages.install(flask_app)
    with flask_app.test_request_context():
        drawn = [_draw(number) for number in range(count)]
    costs = [cost for cost, _ in drawn[1:]]
    return Cost(
        count=count,
        mean_ms=statistics.fmean(costs),
        p99_ms=statistics.quantiles(costs, n=100)[98],
        first_ms=drawn[0][0],
        mean_kilobytes=statistics.fmean(size for _, size in drawn) / 1000,
    )


def _draw(number: int) -> tuple[float, int]:
    invoice = _invoice(number)
    before = time.process_time()
    pdf = invoice_papers.draw(invoice)
    return (time.process_time() - before) * 1000, len(pdf)


def _invoice(number: int) -> Invoice:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    net = 1000 + 7 * number
    tax = net * 19 // 100
    return Invoice(
        app=App(name="Acme Notes", brand_color="#5254d4"),
        livemode=True,
        kind="invoice",
        number=number + 1,
        document_number=f"INV-{number + 1:06d}",
        status="paid",
        currency="EUR",
        net=net,
        tax=tax,
        total=net + tax,
        tax_rule="domestic",
        tax_percentage=Decimal(19),
        tax_sentence=None,
        lines=[
            {
                "name": f"Plan {number}",
                "interval": "month",
                "quantity": 1,
                "unit": net,
                "tax_behavior": "exclusive",
                "net": net,
            }
        ],
        seller={
            "name": "Acme Notes GmbH",
            "address": "Notizallee 1\n10115 Berlin",
            "country": "DE",
            "vat_number": "DE987654328",
            "email": "support@acme.example",
        },
        buyer={
            "name": f"Company {number} GmbH",
            "address": {
                "line1": f"Hauptstraße {number}",
                "postal_code": f"{10000 + number}",
                "city": "Berlin",
                "country": "DE",
            },
        },
        paid_with={"method": "card", "brand": "visa", "last4": f"{number % 10000:04d}"},
        locale="en",
        issued_at=at,
        paid_at=at,
        period_start=at,
        period_end=at + timedelta(days=30),
    )


if __name__ == "__main__":
    cost = measure()
    print(cost)
    print(cost.goal.line)
