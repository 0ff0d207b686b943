"""The account a key opens: what it is called and whether it can charge."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
OPENED = 1767225600
UNSAID = dict.fromkeys(
    (
        "mcc",
        "minority_owned_business_designation",
        "specified_commercial_transactions_act_url",
        "support_address",
        "support_email",
        "support_phone",
        "support_url",
    )
)
ACTIVE = ("card_payments", "klarna_payments", "sepa_debit_payments", "transfers")


@routes.get("/v1/account")
def current(account: Account, params: Json) -> Json:
    return blank(
        "account",
        id=account.derive("account", "acct_1", 15),
        business_profile={**UNSAID, "name": "Acme Notes", "url": "https://app.example.com"},
        capabilities=dict.fromkeys(ACTIVE, "active"),
        charges_enabled=True,
        country="DE",
        created=OPENED,
        default_currency="eur",
        details_submitted=True,
        email="alice@acme.example",
        payouts_enabled=True,
        type="standard",
    )
