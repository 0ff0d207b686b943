"""Bodies of checkout sessions as seeds 001 and 002 have them in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from app.api.bodies import FieldError
from app.billing import urls
from app.billing.ordering import instructions
from app.billing.ordering.instructions import Instructions
from app.money import EXPONENTS

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
_ABSOLUTE = "must be an absolute http or https address without a user"


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", alias_generator=to_camel)


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
    success_url: str = Field(max_length=urls.LONGEST)
    cancel_url: str = Field(max_length=urls.LONGEST)
    terms_of_service_url: str | None = Field(default=None, max_length=urls.LONGEST)
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
