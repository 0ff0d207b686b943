"""Seed 000: a checkout session of a tenant, by the app's key or the tenant's own token; its payer
pays on our page, which asks for the caller's state."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from flask import Blueprint, Response, request

from app.api import calls, credentials, dialects
from app.api import tenant_bodies as bodies
from app.api.credentials import KeyHolder, TokenHolder
from app.api.dialects import Answer, Dialect, Operation
from app.api.tenant_bodies import Created, Refused, SessionBody
from app.billing import errors
from app.billing.connecting import provider_accounts
from app.billing.errors import Invalid, NotAllowed, NotFound, Unsupported
from app.billing.ordering import instructions, named
from app.billing.ordering.checkout_orders import CheckoutOrder
from app.billing.purchase import checkouts, idempotency_keys, payment_links
from app.billing.purchase.idempotency_keys import Also, InFlight
from app.billing.tenants import tenant_currencies, tenants
from app.models import CheckoutSession, Tenant, User

NAME: Literal["tenant_v1"] = "tenant_v1"
_KEY_HEADERS = ("x-api-key", "x-api-key-type", "x-client-id")

blueprint = Blueprint(NAME, __name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for which tenant, and who of it is noted as the buyer."""

    holder: KeyHolder | TokenHolder
    tenant: Tenant
    user: User | None


@blueprint.post("/v1/tenants/<tenant_uuid>/checkout-sessions")
def create(tenant_uuid: str) -> Response:
    caller = who(tenant_uuid)
    body = read()
    row_id = idempotency_keys.once(
        calls.db(),
        calls.site(),
        scope=f"{caller.holder.scope} {request.method} {request.path}",
        key=request.headers.get(idempotency_keys.FIELD),
        body=body.model_dump(mode="json"),
        create=lambda also: _create(caller, body, also),
    )
    return write(caller, calls.db().get_one(CheckoutSession, row_id, populate_existing=True))


def who(tenant_uuid: str) -> Caller:
    """Answer the caller: by key where any of its headers is there, else by token. Raises NotAllowed
    for a tenant that is not theirs, whether there is such a tenant or not."""
    if any(name in request.headers for name in _KEY_HEADERS):
        return _by_key(credentials.key_headers(type="write"), tenant_uuid)
    return _by_token(credentials.bearer(), tenant_uuid)


def read() -> SessionBody:
    """Answer what is asked for; raises BadBody."""
    return bodies.read()


def write(caller: Caller, checkout: CheckoutSession) -> Response:
    """Say a checkout session: where its payer goes lacks only the caller's state."""
    site, app = calls.site(), caller.holder.app.uuid
    data = {
        "kind": "checkoutSession",
        "id": str(checkout.uuid),
        "hash": payment_links.hash_of(site, checkout, app),
        "nextAction": {"url": payment_links.stated(site, checkout, app)},
    }
    message = "The checkout session was created."
    return _say({"success": True, "message": message, "error": None, "data": data})


def refuse(error: Exception) -> Response:
    """Say a failure in one sentence that names the field."""
    refusal = dialects.refusal(error, _STATUSES, _NAMES)
    said = "; ".join(_sentence(*problem) for problem in refusal.problems)
    body = {"success": False, "error": said, "message": None, "data": None}
    response = _say(body, refusal.status)
    response.headers.update(refusal.headers)
    return response


def _by_key(holder: KeyHolder, tenant_uuid: str) -> Caller:
    found = tenants.in_app(calls.db(), holder.app.id, _uuid(tenant_uuid))
    if found is None:
        raise _foreign()
    return Caller(holder, *found)


def _by_token(holder: TokenHolder, tenant_uuid: str) -> Caller:
    try:
        membership = tenants.find(
            calls.db(), user_id=holder.user.id, tenant_uuid=_uuid(tenant_uuid)
        )
    except NotFound:
        raise _foreign() from None
    if membership.tenant.app_id != holder.app.id:
        raise _foreign()
    if not membership.may_buy:
        raise NotAllowed("Only an admin of the tenant can buy.")
    return Caller(holder, membership.tenant, holder.user)


def _uuid(tenant_uuid: str) -> UUID:
    found = credentials.uuid_or_none(tenant_uuid)
    if found is None:
        raise Invalid("must be a UUID", field="tenantId")
    return found


def _foreign() -> NotAllowed:
    return NotAllowed("This key or token does not open this tenant.")


def _create(caller: Caller, body: SessionBody, also: Also | None) -> int:
    order, cause = _order(caller, body), caller.holder.cause
    return checkouts.create(calls.db(), calls.site(), order, cause=cause, also=also)


def _order(caller: Caller, body: SessionBody) -> CheckoutOrder:
    app, tenant = caller.holder.app, caller.tenant
    livemode = body.livemode(app.livemode)
    price, rate, _ = body.named
    found = named.find(
        calls.db(),
        app=app,
        tenant=tenant,
        provider=_provider(caller, livemode=livemode),
        livemode=livemode,
        price=price,
        rate=rate,
    )
    currency = found.price.currency if found.price else tenant_currencies.of(tenant)
    order = instructions.order(
        calls.site(),
        found,
        body.asked(currency),
        app=app,
        tenant=tenant,
        user=caller.user,
        origin=NAME,
        is_deferred=True,
        state_digest=payment_links.digest_of(body.state),
    )
    collect = replace(order.collect, billing_address=body.billing_address_collection)
    return replace(order, collect=collect, is_reverse_charge=body.is_reverse_charge)


def _provider(caller: Caller, *, livemode: bool) -> str:
    """Stripe, whose words the seed speaks, where the app has it; else the app's default."""
    accounts = provider_accounts.of(calls.db(), caller.holder.app, livemode=livemode)
    connected = [account.provider for account in accounts]
    if not connected:
        raise Unsupported("This app is not connected to a payment provider in this mode.")
    return "stripe" if "stripe" in connected else connected[0]


def _sentence(field: str, sentence: str) -> str:
    if not field:
        return sentence
    return f"{field} {sentence}" if sentence[:1].islower() else f"{field}: {sentence}"


def _say(body: dict[str, object], status: int = 200) -> Response:
    # Flask's own writer would put the keys in another order than the seed has.
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, content_type="application/json")


_STATUSES: dict[type[errors.BillingError], int] = {
    errors.NotAuthenticated: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 400,
    errors.Invalid: 400,
    errors.Conflict: 400,
    errors.Declined: 400,
    errors.ProviderUnavailable: 500,
    errors.Unsupported: 400,
    InFlight: 409,
}
# What billing calls a field, and what this dialect calls it.
_NAMES = {
    "rate": "taxRate",
    "method": "paymentMethodType",
    "country": "allowedCountry",
    "currency": "price",
    "is_reverse_charge": "isReverseCharge",
}


def _refused(description: str, error: str) -> Answer:
    example = {"success": False, "error": error, "message": None, "data": None}
    return Answer(description, Refused, example)


dialect = Dialect(
    name=NAME,
    title="000: checkout sessions of a tenant, paid on Portico's page",
    owns=re.compile(r"(?s)/v1(/.*)?$"),
    refuse=refuse,
    operations=(
        Operation(
            method="POST",
            path="/v1/tenants/{tenantId}/checkout-sessions",
            summary="Create a checkout session for a tenant",
            description="By the app's write key, or by a bearer token of an admin of this tenant."
            " Append `&state=` and your state to `data.nextAction.url` and open it for the payer:"
            " the provider is asked when the payer goes on from there.",
            security=(("apiKey", "clientId", "apiKeyType"), ("bearer",)),
            body=bodies.PurchaseBody,
            body_example=bodies.REQUEST,
            is_create=True,
            for_browsers=True,
            answers={
                200: Answer("Created.", Created, bodies.RESPONSE),
                400: _refused("Something in the request is wrong.", "state is required"),
                401: _refused("Key, client id, key type or token is wrong.", "We do not know …"),
                403: _refused(
                    "The tenant is another's, the user is no admin of it, or the app may not sell.",
                    "This key or token does not open this tenant.",
                ),
                404: _refused("There is no such address.", "There is nothing at this address."),
                405: _refused("Only POST.", "This address does not take that method."),
                409: _refused("See Idempotency-Key.", "Ask again shortly."),
                413: _refused("The body is larger than 256 kB.", "The body is larger than 256 kB."),
                429: _refused("Too many calls.", "There were too many calls."),
                500: _refused("A fault of ours.", "Internal Server Error"),
            },
        ),
    ),
)
