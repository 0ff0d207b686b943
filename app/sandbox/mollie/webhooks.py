"""Mollie's calls to the shop: the id of a payment, nothing more, again until answered with 200."""

from datetime import timedelta

from app.sandbox.deliveries import SENDERS, Sender
from app.sandbox.store import Json
from app.sandbox.world import Account


class MollieSender(Sender):
    """Ten attempts over 26 hours; only 200 ends them (Mollie, "Webhooks")."""

    waits = (
        *(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 29)),
        *(timedelta(hours=hours) for hours in (1, 2, 22)),
    )

    def headers(self, delivery: Json) -> dict[str, str]:
        return {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "Mollie HTTP client/1.0",
            "Accept": "*/*",
        }

    def is_taken(self, status: int) -> bool:
        return status == 200


SENDERS["mollie"] = MollieSender()


def call(account: Account, payment: Json) -> None:
    """Call the payment's webhook address, if it has one."""
    if payment["webhookUrl"]:
        account.deliver(
            url=payment["webhookUrl"],
            body=f"id={payment['id']}",
            event_id=account.mint("call_", 12),
            type=None,
            object_id=payment["id"],
        )
