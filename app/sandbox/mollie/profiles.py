"""The shop's profile and its organization."""

from app.sandbox.gateway import Routes
from app.sandbox.mollie import fields, links
from app.sandbox.store import Json
from app.sandbox.world import Account

routes = Routes()
OPENED_AT = "2026-01-01T00:00:00+00:00"


def id_of(account: Account) -> str:
    """Answer the id of an account's profile."""
    return account.derive("profile", "pfl_", 10)


@routes.get("/v2/profiles/me")
def current(account: Account, params: Json) -> Json:
    fields.query(params["query"])
    return {
        "resource": "profile",
        "id": id_of(account),
        "mode": "test",
        "name": "Acme Notes",
        "website": "https://app.example.com",
        "email": "alice@acme.example",
        "phone": "+493012345678",
        "businessCategory": "DIGITAL_PRODUCTS",
        "status": "verified",
        "createdAt": OPENED_AT,
        "_links": {
            "self": links.api(account, "/profiles/me"),
            "methods": links.api(account, "/methods"),
            "payments": links.api(account, "/payments"),
            "documentation": links.documentation("get-current-profile"),
        },
    }


@routes.get("/v2/organizations/me")
def organization(account: Account, params: Json) -> Json:
    fields.query(params["query"])
    return {
        "resource": "organization",
        "id": account.derive("organization", "org_", 8),
        "name": "Acme Notes GmbH",
        "email": "alice@acme.example",
        "locale": "de_DE",
        "address": {
            "streetAndNumber": "Hauptstraße 1",
            "postalCode": "10115",
            "city": "Berlin",
            "country": "DE",
        },
        "registrationNumber": "HRB 1",
        "vatNumber": "DE123456789",
        "vatRegulation": None,
        "_links": {
            "self": links.api(account, "/organizations/me"),
            "documentation": links.documentation("get-current-organization"),
        },
    }
