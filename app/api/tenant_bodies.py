"""What seed 000 asks for and answers, field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from app.api import bodies
from app.billing.errors import Invalid
from app.billing.ordering.instructions import Instructions
from app.billing.tax import countries

_IGNORED_IN_SETUP = {"price", "taxRate", "quantity"}
_COUNTRIES = {"enum": sorted(countries.CODES)}

REQUEST: dict[str, Any] = {
    "price": "price_12345",
    "taxRate": "txr_12345",
    "allowedCountry": "DE",
    "paymentMethodType": "card",
    "billingAddressCollection": True,
    "mode": "subscription",
    "quantity": 1,
    "isReverseCharge": False,
    "state": "Wl9fLkFhQmJDY0RkRWVGZkdnSGhJaUpqS2tMbE1tTm5Pb1BwUXFSclNzVHRVdVZ2",
    "test": True,
}
_ID = "11111111-1111-4111-8111-111111111111"
_HASH = "5e" * 32
RESPONSE: dict[str, Any] = {
    "success": True,
    "message": "The checkout session was created.",
    "error": None,
    "data": {
        "kind": "checkoutSession",
        "id": _ID,
        "hash": _HASH,
        "nextAction": {
            "url": f"https://billing.example.com/pay/{_ID}"
            "?client_id=22222222-2222-4222-8222-222222222222"
            f"&type=payment&session_id={_ID}&hash={_HASH}"
        },
    },
}


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", alias_generator=to_camel)


class SessionBody(_Body):
    """What every mode has in common; fields the seed does not name are ignored."""

    allowed_country: Annotated[str, Field(json_schema_extra=_COUNTRIES)]
    payment_method_type: Literal["card", "sepa", "sofort"]
    billing_address_collection: bool
    mode: Literal["payment", "subscription", "setup"]
    is_reverse_charge: bool
    state: str = Field(min_length=64, max_length=64)
    test: bool = Field(default=False, description="Left out, it is as the app is.")

    @field_validator("allowed_country")
    @classmethod
    def _is_country(cls, code: str) -> str:
        if code not in countries.CODES:
            raise ValueError("must be a country code of ISO 3166-1 in capitals, such as DE")
        return code

    @property
    def named(self) -> tuple[str | None, str | None, int]:
        """Price, tax rate and quantity; of a set-up there are none."""
        return None, None, 1

    def livemode(self, of_app: bool) -> bool:
        """Answer whether money moves; raises Invalid where the app is not live yet."""
        if "test" not in self.model_fields_set:
            return of_app
        if not self.test and not of_app:
            raise Invalid("must be true until the app is live", field="test")
        return not self.test

    def asked(self, currency: str) -> Instructions:
        """Answer what is asked for beside price and rate."""
        return Instructions(
            mode=self.mode,
            currency=currency,
            quantity=self.named[2],
            method=self.payment_method_type,
            country=self.allowed_country,
            is_reverse_charge=self.is_reverse_charge,
        )


class PurchaseBody(SessionBody):
    """A payment or a subscription."""

    price: str = Field(pattern="price_", max_length=255)
    tax_rate: str = Field(pattern="txr_", max_length=255)
    quantity: int = Field(ge=1, le=1_000_000)

    @property
    def named(self) -> tuple[str | None, str | None, int]:
        """Price, tax rate and quantity."""
        return self.price, self.tax_rate, self.quantity


class SetupBody(SessionBody):
    """Saving a payment method: price, tax rate and quantity may be sent and are ignored."""

    @model_validator(mode="before")
    @classmethod
    def _ignores(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if name not in _IGNORED_IN_SETUP}


class NextAction(_Body):
    """Where the payer goes, once `&state=` is appended."""

    url: str


class Session(_Body):
    """A checkout session."""

    kind: Literal["checkoutSession"]
    id: UUID
    hash: str = Field(pattern="^[0-9a-f]{64}$")
    next_action: NextAction


class Created(_Body):
    """The answer to a create."""

    success: Literal[True]
    message: str
    error: None
    data: Session


class Refused(_Body):
    """Why nothing was done."""

    success: Literal[False]
    error: str
    message: None
    data: None


class _Mode(BaseModel):
    mode: Any = None


def read() -> SessionBody:
    """Answer the body of this call, by its mode; raises BadBody."""
    text = bodies.json_text()
    mode = bodies.parse_json(_Mode, text).mode
    return bodies.parse_json(SetupBody if mode == "setup" else PurchaseBody, text)
