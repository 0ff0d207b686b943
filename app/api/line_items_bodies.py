"""The bodies of the line items API, as they are validated and as they are described."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StrictInt

from app.billing import urls
from app.billing.ordering import line_items
from app.billing.ordering.checkout_orders import MOST_MINOR
from app.billing.ordering.line_items import Cart, Item

_LONGEST_LIFE = int(line_items.LONGEST.total_seconds())
# PostgreSQL takes no NUL, and UTF-8 no half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    if _UNSTORABLE.search(value):
        raise ValueError("holds characters that cannot be stored")
    return value


def _url(value: str) -> str:
    if not urls.is_sound(value):
        raise ValueError("must be an absolute http or https address")
    return value


def _email(value: str) -> str:
    try:
        validate_email(value, check_deliverability=False)
    except EmailNotValidError:
        raise ValueError("must be an e-mail address, such as jsmith@example.com") from None
    return value


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    for part in _parts(value):
        if isinstance(part, str) and _UNSTORABLE.search(part):
            raise ValueError("holds characters that cannot be stored")
        if isinstance(part, float) and not math.isfinite(part):
            raise ValueError("holds a number that JSON does not have")
    return value


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _parts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _parts(one)
    else:
        yield value


def _different(items: list[LineItemToCreate]) -> list[LineItemToCreate]:
    seen = [json.dumps(item.model_dump(exclude_unset=True), sort_keys=True) for item in items]
    if len(set(seen)) < len(seen):
        raise ValueError("must not hold the same item twice; use quantity")
    return items


def _uuid(value: object) -> object:
    if value is not None and not isinstance(value, str):
        raise ValueError("must be a UUID")
    return value


Text = Annotated[str, AfterValidator(_text)]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"}), AfterValidator(_url)]
Email = Annotated[str, Field(json_schema_extra={"format": "email"}), AfterValidator(_email)]
Metadata = Annotated[dict[str, Any], AfterValidator(_storable)]
Uuid = Annotated[UUID, BeforeValidator(_uuid)]


class ProductData(BaseModel):
    """What is sold, in the payer's eyes."""

    name: Text = Field(min_length=1, max_length=250)
    description: Text | None = Field(None, max_length=500)
    images: list[Url] | None = Field(None, max_length=8)
    metadata: Metadata | None = None


class PriceData(BaseModel):
    """The price of one."""

    currency: str = Field(pattern="^[A-Za-z]{3}$", description="ISO 4217, such as usd.")
    amount: StrictInt = Field(ge=1, le=MOST_MINOR, description="In cents.")
    product_data: ProductData


class LineItemToCreate(BaseModel):
    """Something sold, and how many of it."""

    price_data: PriceData
    quantity: StrictInt = Field(ge=1, le=MOST_MINOR)


class CheckoutSessionToCreate(BaseModel):
    """A checkout session to create."""

    line_items: Annotated[list[LineItemToCreate], AfterValidator(_different)] = Field(
        min_length=1, max_length=line_items.MOST_ITEMS, json_schema_extra={"uniqueItems": True}
    )
    customer_email: Email | None = Field(None, max_length=254)
    client_reference_id: Text | None = Field(None, max_length=200)
    success_url: Url
    cancel_url: Url | None = None
    mode: Literal["payment"]
    user_id: Uuid | None = Field(None, description="A user's uuid.")
    customer_id: Uuid | None = Field(None, description="A tenant's uuid.")
    expires_in: Annotated[StrictInt, Field(ge=1, le=_LONGEST_LIFE)] | None = Field(
        _LONGEST_LIFE, description="In seconds."
    )
    metadata: Metadata | None = None

    def cart(self) -> Cart:
        """Answer what is asked for."""
        return Cart(
            items=[_item(line) for line in self.line_items],
            success_url=self.success_url,
            cancel_url=self.cancel_url,
            tenant=self.customer_id,
            user=self.user_id,
            email=self.customer_email,
            reference=self.client_reference_id,
            lifetime=timedelta(seconds=self.expires_in or _LONGEST_LIFE),
            metadata=self.metadata or {},
        )


class ListQuery(BaseModel):
    """Which sessions of a list are asked for."""

    limit: int = Field(10, ge=1, le=100)
    starting_after: UUID | None = Field(None, description="The sessions older than this one.")
    ending_before: UUID | None = Field(None, description="The sessions newer than this one.")


class LineItem(BaseModel):
    """A line of a session."""

    quantity: int
    price_id: str


class CheckoutSessionBody(BaseModel):
    """A checkout session."""

    id: UUID
    status: Literal["open", "complete", "expired"]
    payment_intent_id: UUID
    success_url: str
    cancel_url: str | None
    checkout_session_url: str
    client_reference_id: str | None
    expiry: datetime
    metadata: dict[str, Any]
    line_items: list[LineItem]
    created: datetime
    updated: datetime
    customer_id: UUID | None
    customer_email: str | None
    amount_total: int = Field(description="In cents.")


class CheckoutSessionList(BaseModel):
    """Sessions, newest first."""

    has_more: bool
    data: list[CheckoutSessionBody]


class Refused(BaseModel):
    """What went wrong, in a sentence and in a word, and the field it is about."""

    error: str
    code: str
    field: str | None


def _item(line: LineItemToCreate) -> Item:
    price, product = line.price_data, line.price_data.product_data
    return Item(
        name=product.name,
        amount=price.amount,
        currency=price.currency.upper(),
        quantity=line.quantity,
        description=product.description,
        images=tuple(product.images or ()),
    )
