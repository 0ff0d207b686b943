"""What mails say to those who run an app."""

from __future__ import annotations

from app.billing.mail.mail_kinds import NeedsReview, WebhookDisabled
from app.billing.text import Text
from app.mails import content
from app.mails.content import Content
from app.mails.places import Places

_REASONS = {
    "duplicate": Text("The same thing was paid twice. The second payment is being given back."),
    "amount": Text("The amount that was paid differs from the amount the payer accepted."),
    "late": Text("The payment came after the order had ended."),
    "mandate": Text("The first payment came in, but the bank does not allow the next ones."),
    "trial": Text("A free trial of a plan had been used already. A second one was not begun."),
}
_REASON = Text("The payment does not fit its order.")


def webhook_disabled(told: WebhookDisabled, places: Places) -> Content:
    """An endpoint is not called any more."""
    values = {"url": told.url, "since": told.failing_since}
    return Content(
        subject=Text("A webhook endpoint was switched off"),
        heading=Text("A webhook endpoint was switched off"),
        paragraphs=(
            Text(
                "Every delivery to it has failed since %(since)s, so it is not called any more.",
                values,
            ),
            Text(
                "Events are still kept. Once the endpoint answers with a 2xx status again, switch"
                " it on in the console or by the API, and have the missed ones sent again."
            ),
        ),
        facts=content.only(
            (Text("Endpoint"), told.url),
            (Text("Failing since"), told.failing_since),
            (Text("Last answer"), told.error),
        ),
    )


def needs_review(told: NeedsReview, places: Places) -> Content:
    """Somebody has to look at a payment."""
    values = {"tenant": places.tenant_name, "plan": told.plan}
    return Content(
        subject=Text("A payment needs a look: %(plan)s, %(tenant)s", values),
        heading=Text("A payment needs a look"),
        paragraphs=(
            _REASONS.get(told.reason, _REASON),
            Text(
                "The payer was told that a person looks at it and not to pay again. Compare the"
                " order with the payment at the provider, then give it back or write to the payer."
            ),
        ),
        facts=content.only(
            (Text("Customer"), places.tenant_name or None),
            (Text("For"), told.plan),
            (Text("Amount of the order"), told.amount),
            (Text("Checkout"), told.checkout_uuid),
        ),
    )
