"""The addresses a mail leads to."""

from __future__ import annotations

from dataclasses import dataclass

from app.billing.mail.outbox import Letter
from app.billing.site import Site


@dataclass(frozen=True, slots=True)
class Places:
    """Pages of one tenant, as absolute addresses. `secret` is the address only this reader gets."""

    home: str
    tenant_name: str
    app_name: str
    secret: str

    @property
    def plans(self) -> str:
        """Where a plan is chosen."""
        return f"{self.home}/plans"

    @property
    def subscription(self) -> str:
        """Where a plan is seen, changed and canceled."""
        return f"{self.home}/subscription"

    @property
    def methods(self) -> str:
        """Where ways to pay are added."""
        return f"{self.home}/payment-methods"

    @property
    def invoices(self) -> str:
        """Where invoices are."""
        return f"{self.home}/invoices"


def of(letter: Letter, site: Site) -> Places:
    """Answer where a letter leads."""
    tenant = letter.tenant
    return Places(
        home=site.url(f"/t/{tenant.uuid}") if tenant else site.url(""),
        tenant_name=tenant.name if tenant else "",
        app_name=letter.app.name if letter.app else "",
        secret=letter.url or "",
    )
