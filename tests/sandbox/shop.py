"""A shop that speaks to the sandbox with Stripe's own SDK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from tests.sandbox_server import SandboxServer
from tests.waiting import PATIENCE_SECONDS

Json = dict[str, Any]
SUCCESS = "https://app.example.com/done?session={CHECKOUT_SESSION_ID}"
CANCEL = "https://app.example.com/plans"


@dataclass
class Shop:
    """The SDK (`sdk`), the same calls by hand, and a payer on the hosted page."""

    sandbox: SandboxServer
    key: str
    sdk: Any
    http: requests.Session

    def call(self, method: str, path: str, body: str = "", **headers: str) -> requests.Response:
        """Call the API by hand, with a form body as it stands."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(
            method,
            f"{self.sandbox.url}/stripe{path}",
            data=body or None,
            headers={
                "Authorization": f"Bearer {self.key}",
                "Content-Type": "application/x-www-form-urlencoded",
                **named,
            },
            timeout=PATIENCE_SECONDS,
        )

    def refusal(self, path: str, body: str) -> Json:
        """Post something that must be refused; gives the error with its status."""
        answer = self.call("POST", path, body)
        assert answer.status_code >= 400, answer.text
        return {"status": answer.status_code, **answer.json()["error"]}

    def product(self) -> str:
        return str(self.sdk.products.create({"name": "Team"}).id)

    def price(self, amount: int = 1000, interval: str | None = "month", **changes: Any) -> str:
        values = {"product": self.product(), "currency": "eur", "unit_amount": amount, **changes}
        if interval:
            values["recurring"] = {"interval": interval}
        return str(self.sdk.prices.create(values).id)

    def tax_rate(self, percentage: float = 19.0, *, inclusive: bool = False) -> str:
        values = {"display_name": "VAT", "percentage": percentage, "inclusive": inclusive}
        return str(self.sdk.tax_rates.create(values).id)

    def customer(self, **values: Any) -> str:
        return str(self.sdk.customers.create({"email": "tara@globex.example", **values}).id)

    def session(self, mode: str = "subscription", **changes: Any) -> Any:
        """Create a session for one Team plan (or a one-time Onboarding), but for `changes`."""
        values: Json = {"mode": mode, "success_url": SUCCESS, "cancel_url": CANCEL}
        if mode == "setup":
            values["currency"] = "eur"
        elif "line_items" not in changes:
            price = self.price(interval="month" if mode == "subscription" else None)
            values["line_items"] = [{"price": price, "quantity": 1}]
        values |= changes
        return self.sdk.checkout.sessions.create({k: v for k, v in values.items() if v is not None})

    def open(self, url: str) -> requests.Response:
        return self.http.get(url, allow_redirects=False, timeout=PATIENCE_SECONDS)

    def press(self, url: str, action: str = "pay", **fields: str) -> requests.Response:
        """Send the page's form with this button and what was typed instead of the prefilled."""
        url = url if url.startswith("http") else self.sandbox.url + url
        return self.http.post(
            url,
            {"terms": "yes", "action": action, **fields},
            allow_redirects=False,
            timeout=PATIENCE_SECONDS,
        )

    def look(self, session: Any, *expand: str) -> Any:
        return self.sdk.checkout.sessions.retrieve(session.id, {"expand": list(expand)})

    def subscriber(self, *, price: str | None = None, **fields: str) -> Any:
        """Buy the Team plan, or one at `price`; gives the subscription."""
        line = {"price": price or self.price(), "quantity": 1}
        session = self.session(line_items=[line])
        assert self.press(session.url, **fields).status_code == 303
        return self.look(session, "subscription").subscription

    def events(self) -> list[str]:
        """Name what happened in the last 30 days, oldest first."""
        return list(self._events().values())

    def events_after(self, act: Any) -> list[str]:
        """Name what `act` brings; known by id, since an act may let earlier events grow too old."""
        before = self._events()
        act()
        return [name for id, name in self._events().items() if id not in before]

    def _events(self) -> dict[str, str]:
        found = self.sdk.events.list({"limit": 100}).data
        return {event.id: event.type for event in reversed(found)}
