"""The bodies of the articles API, as they are validated and as they are described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.api.servicestack.fields import Fields
from app.billing import urls
from app.billing.ordering import articles
from app.billing.ordering.articles import Article, Basket
from app.billing.tax import countries

_LONGEST_TEXT = 200
_UI_MODES = ("hosted", "embedded")


class ArticleToCreate(BaseModel):
    """How many of an article."""

    ArticleId: int = Field(ge=1, le=2**31 - 1)
    ArticleTypeId: int = Field(ge=1, le=2**31 - 1)
    Quantity: int = Field(ge=1, le=2**31 - 1)


class StripeV1CreateCheckout(BaseModel):
    """A checkout to create. The case of the names does not matter."""

    CompanyId: UUID = Field(description="The uuid of the tenant that pays.")
    CountryCode: str = Field(
        pattern="^[A-Za-z]{2}$", description="ISO 3166-1 alpha-2; decides the tax."
    )
    Articles: list[ArticleToCreate] = Field(min_length=1, max_length=articles.MOST_ARTICLES)
    InternalReferenceId: str = Field(min_length=1, max_length=_LONGEST_TEXT)
    ConfirmationUrl: str | None = Field(None, description="Where a payer who has paid goes on.")
    CancelUrl: str | None = Field(None, description="Not allowed where UiMode is embedded.")
    UiMode: Literal["hosted", "embedded"] | None = Field("hosted")


class StripeV1CheckoutStatus(BaseModel):
    """A checkout whose status is asked for."""

    CompanyId: UUID
    SessionId: str = Field(min_length=1, max_length=_LONGEST_TEXT)


class StripeCheckoutQueryResponse(BaseModel):
    """A checkout; what has no value is left out in JSON."""

    SessionId: str | None = None
    Url: str | None = Field(None, description="Where the payer goes, where UiMode is hosted.")
    Status: Literal["open", "complete", "expired"] | None = None
    ClientSecret: str | None = Field(None, description="For Stripe.js, where UiMode is embedded.")
    CustomerId: str | None = None
    PaymentIntentClientSecret: str | None = None
    PaymentIntentId: str | None = None
    StripeAccount: str | None = None


class StripeCheckoutStatusResponse(BaseModel):
    """Who pays, and how it stands."""

    CustomerEmail: str | None = None
    Status: Literal["open", "complete", "expired"] | None = None


class ResponseError(BaseModel):
    """What is wrong with one field."""

    ErrorCode: str
    FieldName: str
    Message: str


class ResponseStatus(BaseModel):
    """What went wrong: the first problem, and all of them by field."""

    ErrorCode: str
    Message: str
    Errors: list[ResponseError]


class ErrorResponse(BaseModel):
    """A refusal."""

    ResponseStatus: ResponseStatus


def read_basket(sent: Mapping[str, object]) -> Basket:
    """Answer what is asked for; raises ValidationFailed."""
    fields = Fields(sent)
    company = fields.guid("CompanyId")
    country = _country(fields)
    bought = [_article(one) for one in fields.each("Articles", most=articles.MOST_ARTICLES)]
    reference = fields.text("InternalReferenceId", most=_LONGEST_TEXT, required=True)
    success_url, cancel_url = (_url(fields, name) for name in ("ConfirmationUrl", "CancelUrl"))
    is_embedded = _ui_mode(fields) == "embedded"
    if is_embedded and cancel_url:
        fields.refuse("Predicate", "CancelUrl", "%s is not allowed where 'Ui Mode' is embedded.")
    fields.check()
    assert company is not None and reference is not None
    return Basket(company, country, bought, reference, success_url, cancel_url, is_embedded)


def read_question(sent: Mapping[str, object]) -> tuple[UUID, str]:
    """Answer the company and session whose status is asked for; raises ValidationFailed."""
    fields = Fields(sent)
    company = fields.guid("CompanyId")
    session_id = fields.text("SessionId", most=_LONGEST_TEXT, required=True)
    fields.check()
    assert company is not None and session_id is not None
    return company, session_id


def _country(fields: Fields) -> str:
    code = (fields.text("CountryCode", most=_LONGEST_TEXT, required=True) or "").strip().upper()
    if code and code not in countries.CODES:
        message = "%s must be a country code of ISO 3166-1, such as SE."
        fields.refuse("Predicate", "CountryCode", message)
    return code


def _article(fields: Fields) -> Article:
    names = ("ArticleId", "ArticleTypeId", "Quantity")
    number, type_number, quantity = (fields.positive(name) or 0 for name in names)
    return Article(number, type_number, quantity)


def _url(fields: Fields, name: str) -> str | None:
    url = fields.text(name, most=urls.LONGEST)
    if url is not None and not urls.is_sound(url):
        fields.refuse("Predicate", name, "%s must be an absolute http or https address.")
    return url


def _ui_mode(fields: Fields) -> str:
    mode = (fields.text("UiMode", most=_LONGEST_TEXT) or "hosted").strip().lower()
    if mode not in _UI_MODES:
        fields.refuse("Predicate", "UiMode", "%s must be hosted or embedded.")
    return mode
