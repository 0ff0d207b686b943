"""Grant a mandate, and find one to charge."""

from datetime import timedelta

from app.sandbox.mollie import times
from app.sandbox.mollie.refusals import invalid
from app.sandbox.store import Json
from app.sandbox.world import Account

# Mollie's mandates may stay pending for longer than its webhooks are tried.
STAYS_PENDING = timedelta(hours=72)
CARD_DETAILS = ("cardHolder", "cardNumber", "cardLabel", "cardExpiryDate", "cardFingerprint")
BANK_DETAILS = ("consumerName", "consumerAccount", "consumerBic")


def usable(account: Account, customer_id: str, id: str | None, method: str | None = None) -> Json:
    """Give the mandate named, or the customer's newest; pending ones count. Refuses with 422."""
    found = [
        mandate
        for mandate in account.find("mandates", lambda m: bool(m["customerId"] == customer_id))
        if not mandate["isRevoked"] and mandate["status"] != "invalid"
        if id in (None, mandate["id"]) and method in (None, mandate["method"])
    ]
    if found:
        return found[-1]
    if id is not None:
        raise invalid("mandateId", "The mandate is invalid, or belongs to another customer")
    raise invalid("customerId", "No suitable mandates found for customer")


def after(account: Account, payment: Json, method: str, fails_with: str | None) -> Json:
    """Make the mandate of a paid first payment; `fails_with` is why later charges will fail."""
    names = CARD_DETAILS if method == "creditcard" else BANK_DETAILS
    details = {name: payment["details"][name] for name in names if name in payment["details"]}
    subjects = ("/mollie/v2/mandates", payment["id"], payment["customerId"])
    pending = account.takes_fault("mandate_pending", *subjects)
    return mandate(
        account,
        payment["customerId"],
        method=method,
        details=details,
        status="pending" if pending else "valid",
        failsWith=fails_with,
    )


def mandate(account: Account, customer_id: str, **given: object) -> Json:
    """Make a mandate, valid unless said otherwise."""
    made: Json = {
        "id": account.mint("mdt_", 10),
        "customerId": customer_id,
        "status": "valid",
        "mandateReference": None,
        "signatureDate": account.now().date().isoformat(),
        "createdAt": times.moment(account),
        "isRevoked": False,
        "failsWith": None,
        **given,
    }
    account.save("mandates", made)
    if made["status"] == "pending":
        account.later(STAYS_PENDING, "mollie.mandate.confirm", id=made["id"])
    return made


def invalidate(account: Account, id: str) -> None:
    """Make a mandate worth nothing; its subscriptions notice at their next charge."""
    found = account.load("mandates", id)
    if found is not None:
        account.save("mandates", {**found, "status": "invalid"})
