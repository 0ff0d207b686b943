"""The verbs every payment provider answers, and the frozen values they take and give."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from app.money import Money

Mode = Literal["payment", "subscription", "setup"]
Interval = Literal["month", "year"]
TaxBehavior = Literal["exclusive", "inclusive"]
PriceObstacle = Literal[
    "interval", "metered", "tiers", "packages", "free", "fraction", "currency", "archived"
]

CheckoutStatus = Literal["open", "processing", "complete", "failed", "canceled", "expired"]
PaymentStatus = Literal[
    "open", "action_needed", "processing", "paid", "failed", "canceled", "expired"
]
MethodStatus = Literal["pending", "valid", "invalid"]
SubscriptionStatus = Literal[
    "incomplete", "trialing", "active", "past_due", "unpaid", "paused", "canceled"
]
RefundStatus = Literal["pending", "refunded", "failed"]
InvoiceStatus = Literal["draft", "open", "paid", "uncollectible", "void"]
DeclineReason = Literal[
    "declined",
    "insufficient_funds",
    "expired_card",
    "incorrect_data",
    "authentication",
    "fraud",
]

Subject = Literal["key", "mode", "account", "methods", "webhook", "terms", "arrivals"]
# What a check can find, by subject; `arrivals` is found by us, in what has come in at our door.
Finding = Literal[
    "key_good",
    "key_refused",
    "key_silent",
    "key_unreadable",
    "mode_test",
    "mode_live",
    "account_charges",
    "account_unread",
    "account_idle",
    "profile_verified",
    "profile_unverified",
    "methods_on",
    "methods_off",
    "webhook_good",
    "webhook_told",
    "webhook_private",
    "webhook_missing",
    "webhook_secretless",
    "webhook_disabled",
    "webhook_incomplete",
    "webhook_version",
    "webhook_doubled",
    "webhook_unread",
    "terms_unread",
    "terms_ours",
    "arrivals_seen",
    "arrivals_none",
]


_TIME_HEADER = "Sandbox-Time"


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one account: its key, the provider's address, and the secret its events carry.

    `webhook_secret` verifies signed events (Stripe); an unsigned provider is known by its URL.
    `hears_time` is told what time it is at the sandbox, where that is whom it reaches.
    """

    secret_key: str
    api_url: str
    webhook_secret: str | None = None
    hears_time: Callable[[str], None] | None = None

    def heard(self, headers: Mapping[str, str]) -> None:
        """Pass on the time an answer carries; no real provider's does."""
        if self.hears_time is not None and _TIME_HEADER in headers:
            self.hears_time(headers[_TIME_HEADER])


@dataclass(frozen=True, slots=True)
class Method:
    """One way to pay. `settle_days` is 0 where the answer comes at once, else the longest usual
    wait in days."""

    slug: str
    settle_days: int = 0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do; pages offer nothing else.

    `methods` lists the ways to pay by mode, each with the currencies it takes (None: all the
    account takes). `trials` says how a plan begins with one: `own`, the provider keeps it;
    `verified`, a small payment saves the method, goes back at once, and the plan charges from a
    date on. `aliases` names methods that are not offered but may be asked for, each with
    the one used in its place. `own_retries` says that the provider itself retries failed renewals,
    `resumes` that it takes back a cancelation at period end; else a new subscription has to begin.
    `events` are those a registered door wants, in the form of `events_version`; a provider that has
    none is told the door's address with each payment.
    `intervals` are the periods a plan may have. In minor units, by currency where it differs from
    1: `least` is the smallest charge, and amounts must be multiples of `steps`.
    """

    name: str
    methods: Mapping[Mode, tuple[tuple[Method, frozenset[str] | None], ...]]
    currencies: frozenset[str]
    changes: frozenset[Literal["now", "period_end"]]
    tax_rounding: Literal["line", "document"]
    tax_rates: bool
    hosted_invoices: bool
    own_retries: bool
    resumes: bool
    embedded: bool
    collects: frozenset[Literal["billing_address", "shipping_address", "terms", "tax_id"]]
    aliases: Mapping[str, str] = field(default_factory=dict)
    trials: Literal["own", "verified"] = "own"
    intervals: frozenset[Interval] = frozenset({"month", "year"})
    least: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[str, int] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    events_version: str | None = None

    def offers(self, mode: Mode, currency: str) -> tuple[Method, ...]:
        """Answer the ways to pay for a mode in a currency; empty where the provider has none."""
        if currency not in self.currencies:
            return ()
        return tuple(
            method
            for method, currencies in self.methods.get(mode, ())
            if currencies is None or currency in currencies
        )

    def method(self, slug: str, mode: Mode, currency: str) -> Method | None:
        """Answer the offered way to pay of that name, or the one used in its place."""
        offered = self.aliases.get(slug, slug)
        return next((m for m in self.offers(mode, currency) if m.slug == offered), None)


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `country` is ISO 3166-1 alpha-2."""

    line1: str
    city: str
    country: str
    line2: str | None = None
    postal_code: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerRequest:
    """Who pays; `uuid` is ours and is kept in the provider's metadata."""

    uuid: str
    name: str
    email: str | None = None
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class TaxRateRequest:
    """A rate to make at the provider; `percentage` is of the net (or in the gross if inclusive)."""

    uuid: str
    name: str
    percentage: Decimal
    inclusive: bool
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing sold. `unit_amount` is net where `tax_behavior` is exclusive, else gross.

    With `provider_price_id` the provider's own price is used, else the line goes inline.
    `provider_tax_rate_id` is the provider's rate; `tax_percentage` is what it says.
    """

    name: str
    unit_amount: Money
    quantity: int
    tax_behavior: TaxBehavior = "exclusive"
    interval: Interval | None = None
    description: str | None = None
    provider_price_id: str | None = None
    provider_tax_rate_id: str | None = None
    tax_percentage: Decimal | None = None
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collect:
    """What the provider's page shall ask for. Tax id: not, if the payer has one, or always where
    the provider can require it."""

    billing_address: bool = False
    shipping_address: bool = False
    terms: bool = False
    terms_url: str | None = None
    tax_id: Literal["no", "optional", "required"] = "no"


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """One purchase or set-up as it is sent, complete: an adapter adds no time, URL or id of its
    own, so that the same value always makes byte for byte the same request.

    `total` is what is charged today (for a set-up, the verification amount Mollie needs).
    `return_url` is where the payer comes back, `left_url` where the provider's own back link
    leads. `webhook_url` is None where events could not arrive. `method` None leaves the choice to
    the provider's page.
    """

    uuid: str
    mode: Mode
    currency: str
    total: Money
    tax: Money
    description: str
    return_url: str
    left_url: str
    lines: tuple[Line, ...] = ()
    customer_id: str | None = None
    customer_email: str | None = None
    method: str | None = None
    locale: str | None = None
    webhook_url: str | None = None
    expires_at: datetime | None = None
    trial_days: int = 0
    embedded: bool = False
    collect: Collect = field(default_factory=Collect)


@dataclass(frozen=True, slots=True)
class OpenedCheckout:
    """A checkout the provider has made. `url` is None for an embedded one, which has a
    `client_secret`."""

    provider_id: str
    url: str | None
    client_secret: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MethodState:
    """A saved card or mandate as the provider has it now. `type` is one of our method slugs (a
    SEPA mandate is `sepa`, whatever payment made it)."""

    provider_id: str
    type: str
    status: MethodStatus = "valid"
    brand: str | None = None
    last4: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class RefundState:
    """A refund as the provider has it now."""

    provider_id: str
    status: RefundStatus
    amount: Money
    uuid: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentState:
    """One attempt to move money as the provider has it now. `refunded` is what went back or is on
    its way back; `fetch_refunds` tells its parts."""

    provider_id: str
    status: PaymentStatus
    amount: Money
    refunded: Money
    charged_back: Money
    created_at: datetime
    paid_at: datetime | None = None
    method: str | None = None
    brand: str | None = None
    last4: str | None = None
    decline: DeclineReason | None = None
    method_id: str | None = None
    customer_id: str | None = None
    subscription_id: str | None = None
    invoice_id: str | None = None
    checkout_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceState:
    """An invoice the provider issued. `reason` tells why: the plan began, a new period did, or it
    was changed; `next_attempt_at` is when the provider charges again what failed."""

    provider_id: str
    status: InvoiceStatus
    total: Money
    net: Money
    tax: Money
    created_at: datetime
    reason: Literal["begin", "renewal", "change", "other"] = "other"
    number: str | None = None
    hosted_url: str | None = None
    pdf_url: str | None = None
    subscription_id: str | None = None
    payment_id: str | None = None
    paid_at: datetime | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    next_attempt_at: datetime | None = None
    lines: tuple[InvoiceLine, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of an invoice; `net` is what it adds, negative where something is taken back."""

    name: str
    quantity: int
    net: Money


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """A subscription as the provider has it now; `total` is what it charges each period, tax
    included, where the provider says so. `payments` are its latest attempts and `invoices` its
    latest invoices, both newest first; `credit` is what the provider takes off the next charges;
    `ended_by` says whether somebody ended it or nobody paid, where the provider tells.
    `is_canceling` means it ends with the running period. Mollie knows no period: there
    `period_end` is the next charge's date."""

    provider_id: str
    status: SubscriptionStatus
    quantity: int
    period_start: datetime | None
    period_end: datetime | None
    customer_id: str | None = None
    is_canceling: bool = False
    canceled_at: datetime | None = None
    ended_at: datetime | None = None
    trial_end: datetime | None = None
    provider_price_id: str | None = None
    provider_product_id: str | None = None
    total: Money | None = None
    method: MethodState | None = None
    payments: tuple[PaymentState, ...] = ()
    uuid: str | None = None
    interval: Interval | None = None
    invoices: tuple[InvoiceState, ...] = ()
    credit: Money | None = None
    ended_by: Literal["request", "not_paid"] | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """What the payer entered on the provider's page."""

    name: str | None = None
    email: str | None = None
    billing_address: Address | None = None
    shipping_name: str | None = None
    shipping_address: Address | None = None
    tax_id: str | None = None
    terms_accepted: bool = False


@dataclass(frozen=True, slots=True)
class CheckoutState:
    """The provider's present truth about a checkout.

    `status` complete: paid, or nothing was due, or the method is saved; processing: the payer is
    done and the money is on its way; failed: the payer is done and nothing will be charged.
    `payments` holds every attempt the provider tells of. `total` is the provider's own figure.
    """

    provider_id: str
    status: CheckoutStatus
    currency: str
    total: Money | None = None
    url: str | None = None
    client_secret: str | None = None
    expires_at: datetime | None = None
    customer_id: str | None = None
    payments: tuple[PaymentState, ...] = ()
    method: MethodState | None = None
    subscription: SubscriptionState | None = None
    collected: Collected | None = None
    uuid: str | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """A subscription to begin with a method on file. The first charge falls on `start_date`
    (Mollie charges at 00:00 UTC of it); `total` is charged every period, tax included."""

    uuid: str
    customer_id: str
    method_id: str | None
    total: Money
    interval: Interval
    start_date: date
    description: str
    webhook_url: str | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """What a running subscription shall become. `proration_at` (Stripe) is the moment proration
    counts from, stored so that preview and change agree."""

    provider_id: str
    customer_id: str
    line: Line
    total: Money
    when: Literal["now", "period_end"]
    proration_at: datetime | None = None
    start_date: date | None = None


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change would cost: due now (negative is a credit), and each period from then on."""

    due_now: Money
    renewal: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """A charge without the payer present, by a method on file."""

    uuid: str
    customer_id: str
    method_id: str
    total: Money
    description: str
    webhook_url: str | None = None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to give back; `uuid` is ours and is kept in the provider's metadata."""

    uuid: str
    payment_id: str
    amount: Money
    description: str


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """A reason to look, as read from a call at our door. `object_id` names what to look at;
    `provider_event_id` is None where the provider numbers no events (Mollie)."""

    type: str | None
    object_id: str
    provider_event_id: str | None = None
    created_at: datetime | None = None
    livemode: bool | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose account a key opens; None for what the key may not read."""

    provider_id: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Our door as a provider has registered it; `secret` signs its events and is told once."""

    provider_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing tried on a connection, for the owner. `finding` is what was found, one of a closed
    list that the pages put in words with `values`; `standing` says whether it is good, worth a note
    or bad."""

    subject: Subject
    finding: Finding
    standing: Literal["good", "note", "bad"] = "good"
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_fine(self) -> bool:
        """Nothing has to be done for payments to work."""
        return self.standing != "bad"


@dataclass(frozen=True, slots=True)
class CataloguePrice:
    """A price to make at, or found at, the provider; `uuid` and `product_uuid` are ours. Where no
    `provider_product_id` is named, the product's own follows from `product_uuid`. `trial_days` is
    what a price found there gives."""

    uuid: str | None
    product_name: str
    amount: Money
    interval: Interval | None
    tax_behavior: TaxBehavior
    product_description: str | None = None
    provider_price_id: str | None = None
    provider_product_id: str | None = None
    product_uuid: str | None = None
    trial_days: int = 0


@dataclass(frozen=True, slots=True)
class CatalogueProduct:
    """What a product at the provider shall be called. Where no `provider_product_id` is named, its
    own follows from our `uuid`. Without a `description` the present one stays; an empty one takes
    it away."""

    uuid: str
    name: str
    description: str | None = None
    provider_product_id: str | None = None


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A price in use at the provider: as we would sell it, else why we cannot (`interval`: its
    period is another one than a month or a year; `metered`: it counts use; `tiers`: it is no fixed
    amount for each; `packages`: it is sold by the dozen; `free`: it is nothing; `fraction`: its
    amount is no whole number of minor units; `currency`: we do not know it; `archived`: its product
    is out of use)."""

    provider_price_id: str
    provider_product_id: str
    product_name: str
    price: CataloguePrice | None
    obstacle: PriceObstacle | None = None


class Provider(ABC):
    """One account at a payment provider.

    Every verb that changes something takes `key`, a UUID v4 the caller has stored with the request;
    repeated with the same key and request within the provider's window it acts once. All verbs
    raise `errors.ProviderError`; after an `Unavailable` the caller looks again or repeats with the
    same key. The `find_*` verbs look by our uuid where the key's window has passed; they answer
    None where the provider has nothing. What a provider lacks raises `Unsupported`.
    """

    capabilities: Capabilities
    # How long the provider remembers an idempotency key, in seconds, with a margin.
    key_window: int

    @abstractmethod
    def ensure_customer(self, request: CustomerRequest, *, key: str) -> str:
        """Make the customer and answer its provider id."""

    @abstractmethod
    def find_customer(self, uuid: str) -> str | None:
        """Look for a customer by our uuid and answer its provider id."""

    @abstractmethod
    def delete_customer(self, customer_id: str, *, key: str) -> None:
        """Delete a customer with their saved methods; payments and invoices stay with the provider.
        Deleting a deleted one is no error."""

    @abstractmethod
    def ensure_tax_rate(self, request: TaxRateRequest, *, key: str) -> str:
        """Make a tax rate and answer its provider id; Unsupported where tax goes inline."""

    @abstractmethod
    def find_tax_rate(self, uuid: str) -> str | None:
        """Look for a tax rate by our uuid and answer its provider id."""

    @abstractmethod
    def open_checkout(self, request: CheckoutRequest, *, key: str) -> OpenedCheckout:
        """Make a checkout and answer where the payer goes."""

    @abstractmethod
    def find_checkout(self, uuid: str, *, customer_id: str | None) -> str | None:
        """Look for a checkout by our uuid and answer its provider id."""

    @abstractmethod
    def fetch_checkout(self, provider_id: str, *, mode: Mode) -> CheckoutState:
        """Answer the present truth about a checkout; raises Missing."""

    @abstractmethod
    def expire_checkout(self, provider_id: str, *, mode: Mode) -> CheckoutState:
        """End a checkout if it can still be ended, and answer the truth after trying: it may have
        been paid meanwhile, or stay open where the provider cannot end it."""

    @abstractmethod
    def fetch_payment(self, provider_id: str) -> PaymentState:
        """Answer the present truth about one payment; raises Missing."""

    @abstractmethod
    def begin_subscription(self, request: SubscriptionRequest, *, key: str) -> SubscriptionState:
        """Begin a subscription with a method on file."""

    @abstractmethod
    def find_subscription(self, uuid: str, *, customer_id: str) -> str | None:
        """Look for a subscription by our uuid and answer its provider id."""

    @abstractmethod
    def fetch_subscription(self, provider_id: str, *, customer_id: str | None) -> SubscriptionState:
        """Answer the present truth about a subscription; raises Missing."""

    @abstractmethod
    def list_subscriptions(self) -> tuple[SubscriptionState, ...]:
        """Answer every subscription of the account that has not ended, newest first, without
        payments and invoices: to find those nobody here knows."""

    @abstractmethod
    def preview_change(self, change: SubscriptionChange) -> ChangePreview:
        """Answer what a change would cost, changing nothing."""

    @abstractmethod
    def change_subscription(self, change: SubscriptionChange, *, key: str) -> SubscriptionState:
        """Change price or quantity and answer the subscription after it."""

    @abstractmethod
    def cancel_subscription(
        self,
        provider_id: str,
        *,
        customer_id: str | None,
        when: Literal["now", "period_end"],
        key: str,
        comment: str | None = None,
    ) -> SubscriptionState:
        """End a subscription, now or with its period; ending an ended one is no error. `comment` is
        why, in the words of who ended it, kept with it where the provider keeps such words."""

    @abstractmethod
    def resume_subscription(
        self, provider_id: str, *, customer_id: str | None, key: str
    ) -> SubscriptionState:
        """Take back a cancelation at period end; Unsupported where it ends at once."""

    @abstractmethod
    def collect(self, provider_id: str, *, key: str) -> SubscriptionState:
        """Charge a subscription's open invoice now, by its present method, and answer the truth
        after it; raises Declined, and Unsupported where the provider keeps no open invoice."""

    @abstractmethod
    def find_payment(self, uuid: str, *, customer_id: str) -> PaymentState | None:
        """Look for a payment of a customer by our uuid."""

    @abstractmethod
    def list_payments(self, since: datetime) -> tuple[PaymentState, ...]:
        """Answer every payment of the account begun at `since` or later, newest first, whoever made
        it, without what it is for: to find money nobody here knows."""

    @abstractmethod
    def charge(self, request: ChargeRequest, *, key: str) -> PaymentState:
        """Charge a method on file; raises Declined."""

    @abstractmethod
    def list_payment_methods(self, customer_id: str) -> tuple[MethodState, ...]:
        """Answer a customer's saved methods, newest first."""

    @abstractmethod
    def set_default_method(
        self, method_id: str, *, customer_id: str, subscription_id: str | None, key: str
    ) -> None:
        """Charge this method from now on, for the customer and the subscription if one is named."""

    @abstractmethod
    def forget_payment_method(self, method_id: str, *, customer_id: str) -> None:
        """Remove a saved method; removing a removed one is no error."""

    @abstractmethod
    def refund(self, request: RefundRequest, *, key: str) -> RefundState:
        """Give money back."""

    @abstractmethod
    def fetch_refunds(self, payment_id: str) -> tuple[RefundState, ...]:
        """Answer a payment's refunds, oldest first, whoever made them."""

    @abstractmethod
    def find_refund(self, uuid: str, *, payment_id: str) -> RefundState | None:
        """Look for a refund by our uuid."""

    @abstractmethod
    def fetch_invoices(self, customer_id: str, *, limit: int) -> tuple[InvoiceState, ...]:
        """Answer the invoices the provider issued to a customer, newest first."""

    @abstractmethod
    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Verify and read a call at our door; raises BadSignature."""

    @abstractmethod
    def identify(self) -> Identity:
        """Answer whose account the key opens; raises BadCredentials for a key that opens none."""

    @abstractmethod
    def check(self, *, webhook_url: str | None) -> tuple[Check, ...]:
        """Try the connection and answer what works and what does not; raises nothing."""

    @abstractmethod
    def install_webhook(self, url: str) -> Webhook | None:
        """Register our door, beside what is registered for it already; None where the provider is
        told the address with each payment. Raises NotPermitted where the key may not."""

    @abstractmethod
    def remove_webhooks(self, url: str, *, but: str | None = None) -> int:
        """Take back what is registered for our door, except the one of that provider id, and answer
        how many there were. Raises NotPermitted where the key may not."""

    @abstractmethod
    def push_catalogue(self, price: CataloguePrice, *, key: str) -> CataloguePrice:
        """Make a price at the provider, and its product where it is not there, and answer it with
        the provider's ids."""

    @abstractmethod
    def describe_product(self, product: CatalogueProduct, *, key: str) -> str:
        """Say what a product that is there is called, and answer its provider id; the last to say
        so is right, so a key need not be stored for it. Raises Missing where it is not there."""

    @abstractmethod
    def find_price(self, price: CataloguePrice) -> CataloguePrice | None:
        """Look for a price in use by our uuid, among those of its product."""

    @abstractmethod
    def import_catalogue(self) -> tuple[ListedPrice, ...]:
        """Answer the prices in use at the provider, newest first."""
