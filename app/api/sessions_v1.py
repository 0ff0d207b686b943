"""Checkout sessions as seeds 001 and 002 have them in common: asked, made, answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeVar
from uuid import UUID

from flask import request
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload, undefer

from app.api import bodies, calls, envelope
from app.api.bodies import FieldError
from app.api.credentials import KeyHolder, TokenHolder
from app.billing import (
    checkouts,
    idempotency_keys,
    instructions,
    payment_links,
    payment_pages,
    urls,
)
from app.billing.checkout_orders import CheckoutOrder
from app.billing.instructions import Instructions
from app.billing.site import Site
from app.models import App, CheckoutSession, Tenant, User
from app.money import EXPONENTS

# The dialects' words for the fields that billing names.
NAMES = {
    "price": "priceId",
    "rate": "taxRateId",
    "method": "paymentMethod",
    "provider": "paymentProvider",
    "success_url": "successUrl",
    "cancel_url": "cancelUrl",
}
_PAIRS = {
    "product_price_uuid": ("price_id", "priceId"),
    "tax_rate_uuid": ("tax_rate_id", "taxRateId"),
}
_IGNORED_IN_SETUP = {"priceId", "productPriceUuid", "taxRateId", "taxRateUuid", "quantity"}
_URL = "https://checkout.stripe.com/pay/cs_test_12345"
EXAMPLE: dict[str, Any] = {
    "kind": "checkoutSessions",
    "totalItems": 1,
    "itemsLength": 1,
    "items": [
        {
            "createdCheckoutSession": {
                "id": 1,
                "uuid": "11111111-1111-4111-8111-111111111111",
                "appUuid": "22222222-2222-4222-8222-222222222222",
                "paymentProviderUuid": "33333333-3333-4333-8333-333333333333",
                "sessionId": "cs_test_12345",
                "nextActionUrl": _URL,
                "userUuid": "44444444-4444-4444-8444-444444444444",
                "tenantUuid": "55555555-5555-4555-8555-555555555555",
                "createdAt": "2026-01-01T00:00:00.000Z",
                "updatedAt": "2026-01-01T00:00:00.000Z",
                "deletedAt": None,
            },
            "nextAction": {"url": _URL},
        }
    ],
}
# With what the answer shows beside the caller, the tenant and the user, in one query.
_MADE = (
    select(CheckoutSession)
    .where(CheckoutSession.id == bindparam("row"))
    .options(
        undefer(CheckoutSession.updated_at),
        undefer(CheckoutSession.deleted_at),
        joinedload(CheckoutSession.provider_account),
    )
)
_ABSOLUTE = "must be an absolute http or https address without a user"


Purchase = TypeVar("Purchase", bound="PurchaseBody")


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", alias_generator=to_camel)


class _Mode(BaseModel):
    mode: Any = None


class PurchaseBody(_Body):
    """A payment or a subscription, the fields in the seeds' order."""

    buys: ClassVar[bool] = True
    # How a missing price or rate is named to the caller.
    first_names: ClassVar[Mapping[str, str]] = {}

    tenant_uuid: Any = Field(default=None, description="Ignored: the path names the tenant.")
    price_id: str | None = Field(default=None, max_length=255)
    product_price_uuid: UUID | None = Field(
        default=None, validate_default=True, description="In place of priceId."
    )
    tax_rate_id: str | None = Field(default=None, max_length=255)
    tax_rate_uuid: UUID | None = Field(
        default=None, validate_default=True, description="In place of taxRateId."
    )
    payment_method: str | None = Field(
        default=None, max_length=40, description="Such as card; left out, the payer chooses."
    )
    quantity: int = Field(ge=1, le=1_000_000)
    mode: Literal["payment", "subscription", "setup"]
    billing_address_collection: bool | None = None
    shipping_address_collection: bool | None = None
    currency: str = Field(min_length=3, max_length=3, description="ISO 4217, the price's.")
    success_url: str = Field(max_length=2000)
    cancel_url: str = Field(max_length=2000)
    terms_of_service_url: str | None = Field(default=None, max_length=2000)
    collect_terms_of_service_consent: bool | None = None
    is_tax_id_collection_enabled: bool | None = None
    is_tax_id_collection_required: bool | None = None

    @field_validator("product_price_uuid", "tax_rate_uuid")
    @classmethod
    def _is_named(cls, uuid: UUID | None, info: ValidationInfo) -> UUID | None:
        other, first = _PAIRS[str(info.field_name)]
        if cls.buys and uuid is None and info.data.get(other, "") is None:
            raise FieldError(cls.first_names.get(first, first), "is required")
        return uuid

    @field_validator("currency")
    @classmethod
    def _is_currency(cls, code: str) -> str:
        if code.upper() not in EXPONENTS:
            raise ValueError("must be a currency of ISO 4217, such as EUR")
        return code.upper()

    @field_validator("success_url", "cancel_url", "terms_of_service_url")
    @classmethod
    def _is_address(cls, url: str | None) -> str | None:
        if url is not None and not urls.is_sound(url):
            raise ValueError(_ABSOLUTE)
        return url

    @field_validator("is_tax_id_collection_required")
    @classmethod
    def _needs_enabled(cls, is_required: bool | None, info: ValidationInfo) -> bool | None:
        if is_required and not info.data.get("is_tax_id_collection_enabled", True):
            raise ValueError("needs isTaxIdCollectionEnabled")
        return is_required

    @property
    def price(self) -> str | UUID | None:
        """The price as the caller names it."""
        return self.price_id or self.product_price_uuid

    @property
    def rate(self) -> str | UUID | None:
        """The tax rate as the caller names it."""
        return self.tax_rate_id or self.tax_rate_uuid

    @property
    def asked(self) -> Instructions:
        """Everything else that is asked for."""
        return Instructions(
            mode=self.mode,
            currency=self.currency,
            quantity=self.quantity,
            method=self.payment_method,
            collect=instructions.collect(
                billing_address=bool(self.billing_address_collection),
                shipping_address=bool(self.shipping_address_collection),
                terms=bool(self.collect_terms_of_service_consent),
                terms_url=self.terms_of_service_url,
                tax_id=bool(self.is_tax_id_collection_enabled),
                is_tax_id_required=bool(self.is_tax_id_collection_required),
            ),
            success_url=self.success_url,
            cancel_url=self.cancel_url,
        )


class SetupBody(PurchaseBody):
    """Saving a payment method: price, rate and quantity may be sent and are ignored."""

    buys = False

    quantity: int = 1

    @model_validator(mode="before")
    @classmethod
    def _ignores(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if name not in _IGNORED_IN_SETUP}


class CreatedSession(_Body):
    """The row of a checkout session."""

    id: int
    uuid: UUID
    app_uuid: UUID
    payment_provider_uuid: UUID
    session_id: str | None
    next_action_url: str | None
    user_uuid: UUID | None
    tenant_uuid: UUID | None
    created_at: str
    updated_at: str
    deleted_at: str | None


class NextAction(_Body):
    """Where the payer is sent."""

    url: str | None


class SessionItem(_Body):
    """A created checkout session and what comes next."""

    created_checkout_session: CreatedSession
    next_action: NextAction


class SessionList(_Body):
    """The answer to a create: always one item."""

    kind: Literal["checkoutSessions"]
    total_items: int
    items_length: int
    items: list[SessionItem]


def read(purchase: type[Purchase], setup: type[Purchase]) -> Purchase:
    """Answer the body of this call, by its mode; raises BadBody."""
    text = bodies.json_text()
    mode = bodies.parse_json(_Mode, text).mode
    return bodies.parse_json(setup if mode == "setup" else purchase, text)


def start(
    holder: KeyHolder | TokenHolder,
    body: PurchaseBody,
    *,
    tenant: Tenant,
    user: User | None,
    provider: str,
    origin: instructions.Origin,
) -> CheckoutSession:
    """Make the checkout session a caller asks for, or answer the one its idempotency key made."""
    db, site = calls.db(), calls.site()
    key = request.headers.get(idempotency_keys.FIELD)

    def create(also: idempotency_keys.Also | None) -> int:
        order = _order(holder.app, body, tenant, user, provider, origin, is_kept=key is not None)
        return checkouts.create(db, site, order, also=also)

    row = idempotency_keys.once(
        db,
        site,
        scope=f"{holder.scope} {request.method} {request.path}",
        key=key,
        body=body.model_dump(mode="json"),
        create=create,
    )
    return db.scalars(_MADE, {"row": row}).one()


def item(site: Site, checkout: CheckoutSession) -> dict[str, Any]:
    """Answer a checkout session as one item of the list."""
    url = payment_pages.next_url(site, checkout) or payment_links.keyed(site, checkout)
    created = {
        "id": checkout.id,
        "uuid": str(checkout.uuid),
        "appUuid": str(checkout.app.uuid),
        "paymentProviderUuid": str(checkout.provider_account.uuid),
        "sessionId": checkout.provider_id,
        "nextActionUrl": url,
        "userUuid": str(checkout.user.uuid) if checkout.user else None,
        "tenantUuid": str(checkout.tenant.uuid) if checkout.tenant else None,
        "createdAt": envelope.moment(checkout.created_at),
        "updatedAt": envelope.moment(checkout.updated_at),
        "deletedAt": envelope.moment(checkout.deleted_at),
    }
    return {"createdCheckoutSession": created, "nextAction": {"url": url}}


def _order(
    app: App,
    body: PurchaseBody,
    tenant: Tenant,
    user: User | None,
    provider: str,
    origin: instructions.Origin,
    *,
    is_kept: bool,
) -> CheckoutOrder:
    found = instructions.find(
        calls.db(),
        app=app,
        tenant=tenant,
        provider=provider,
        livemode=app.livemode,
        price=body.price,
        rate=body.rate,
    )
    return instructions.order(
        calls.site(),
        found,
        body.asked,
        app=app,
        tenant=tenant,
        user=user,
        origin=origin,
        is_kept=is_kept,
    )
