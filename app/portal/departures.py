"""Departures: from a page of ours to the provider's."""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.billing.access import portal_links
from app.billing.ordering.buyers import Buyer
from app.billing.ordering.orders import Placed
from app.billing.tenants import tenants
from app.models import Membership
from app.web import frames, sessions, visits


def leave(membership: Membership | Buyer, placed: Placed, *, method: str) -> Response:
    """Send a payer on; `method` is what they chose, such as `stripe-card`.

    Out of a frame only their own press leads, since no provider's page can be shown in one; and a
    checkout begun by a portal link remembers where that leads back.
    """
    visit = visits.link()
    if visit is not None and visit.return_url is not None:
        portal_links.lead_back(sessions.db(), placed.checkout_uuid, visit.return_url)
    tenant = membership.tenant.uuid
    if placed.url is None:
        checkout = placed.checkout_uuid
        return redirect(url_for("checkouts.show", tenant=tenant, checkout=checkout), 303)
    if not frames.is_one():
        return redirect(placed.url, 303)
    provider = sessions.site().capabilities(method.partition("-")[0]).name
    page = render_template(
        "portal/departures/show.html",
        membership=tenants.find(sessions.db(), user_id=membership.user_id, tenant_uuid=tenant),
        url=placed.url,
        provider=provider,
        checkout=placed.checkout_uuid,
    )
    return make_response(page)
