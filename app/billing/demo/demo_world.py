"""The demo world as data: the same on every machine, with passwords and keys anybody may know."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

PORTAL = "the portal's own origin"
STRIPE_KEY = "sk_test_sandbox_acme"
MOLLIE_KEY = "test_sandboxacme"
API_KEYS = {
    "read": "portico_read_demo_acme_notes_anybody_may_know_this",
    "write": "portico_write_demo_acme_notes_anybody_may_know_this",
}


def uuid_of(name: str) -> UUID:
    """Answer the uuid of a demo object, shaped as a random one and always the same."""
    return UUID(bytes=sha256(f"portico demo: {name}".encode()).digest()[:16], version=4)


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in; `role` is theirs in the company, or in the app."""

    email: str
    name: str
    password: str
    role: str


@dataclass(frozen=True)
class Company:
    """A tenant, the details its invoices carry, and who belongs to it."""

    name: str
    details: dict[str, str]
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Plan:
    """A product. `prices` are major units by interval, in each currency."""

    slug: str
    name: str
    description: str
    features: tuple[str, ...]
    prices: dict[str | None, int]
    article: tuple[int, int] | None = None


@dataclass(frozen=True)
class Rate:
    """A tax rate in percent; without a country it is the reverse charge."""

    tax_rate_id: str
    country: str | None
    percentage: int


APP = {
    "name": "Acme Notes",
    "seller_name": "Acme Notes GmbH",
    "seller_country": "DE",
    "seller_address": "Notizallee 1, 10115 Berlin",
    "seller_vat_number": "DE987654328",
    "support_email": "support@acme.example",
    "website": "https://app.example.com",
    "brand_color": "#5254d4",
    "vat_unknown_policy": "accept",
    "settling_access": "until_deadline",
    "invoice_prefix": "ACME",
}
ORIGINS = ("https://app.example.com", PORTAL)
OWNER = Person("alice@acme.example", "Alice Acme", "acme-alice-runs-the-app", "owner")
COMPANIES = (
    Company(
        name="Globex",
        details={
            "legal_name": "Globex GmbH",
            "address_line1": "Globusallee 7",
            "postal_code": "10117",
            "city": "Berlin",
            "country": "DE",
            "invoice_email": "invoices@globex.example",
        },
        people=(
            Person("tara@globex.example", "Tara Tenant", "globex-tara-buys-plans", "admin"),
            Person("milo@globex.example", "Milo Member", "globex-milo-only-looks", "member"),
        ),
    ),
    Company(
        name="Initech",
        details={
            "legal_name": "Initech Inc.",
            "address_line1": "500 Stapler Lane",
            "postal_code": "78744",
            "city": "Austin",
            "region": "TX",
            "country": "US",
            "invoice_email": "invoices@initech.example",
        },
        people=(
            Person("peter@initech.example", "Peter Payer", "initech-peter-buys-plans", "admin"),
        ),
    ),
)
CURRENCIES = ("EUR", "USD")
PLANS = (
    Plan(
        slug="starter",
        name="Starter",
        description="For one small team",
        features=("Up to 5 notebooks", "10 GB storage", "E-mail support"),
        prices={"month": 9, "year": 90},
    ),
    Plan(
        slug="team",
        name="Team",
        description="For growing companies",
        features=("Unlimited notebooks", "1 TB storage", "Single sign-on"),
        prices={"month": 19, "year": 190},
    ),
    Plan(
        slug="business",
        name="Business",
        description="For regulated work",
        features=("Everything in Team", "Audit log", "99.9 % uptime"),
        prices={"month": 39, "year": 390},
    ),
    Plan(
        slug="onboarding",
        name="Onboarding",
        description="We move your notes and train your team",
        features=("Import of your notes", "Two training sessions", "A named contact"),
        prices={None: 490},
        article=(1, 1),
    ),
)
RATES = (
    Rate("txr_demoDE19", "DE", 19),
    Rate("txr_demoNL21", "NL", 21),
    Rate("txr_demoFR20", "FR", 20),
    Rate("txr_demoSE25", "SE", 25),
    Rate("txr_demoAT20", "AT", 20),
    Rate("txr_demoReverseCharge", None, 0),
)
