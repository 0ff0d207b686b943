"""End mandates, and confirm the pending ones in time."""

from app.sandbox.mollie import renew
from app.sandbox.schedule import timed
from app.sandbox.store import Json
from app.sandbox.world import Account


def mandate(account: Account, mandate: Json) -> None:
    """Revoke a mandate, and with it the subscriptions that charge it."""
    account.save("mandates", {**mandate, "status": "invalid", "isRevoked": True})
    id = mandate["id"]
    for subscription in account.find("subscriptions", lambda s: bool(s["mandateId"] == id)):
        renew.end(account, subscription)


@timed("mollie.mandate.confirm")
def confirm_in_time(account: Account, id: str) -> None:
    mandate = account.load("mandates", id)
    if mandate is not None and mandate["status"] == "pending":
        account.save("mandates", {**mandate, "status": "valid"})
        renew.wake(account, id)
