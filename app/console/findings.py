"""The words for what a check of a provider account found, and for what to do about it."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext, lazy_gettext

from app.billing.connecting.provider_checks import Check
from app.web import filters, words

_SUBJECTS = {
    "key": lazy_gettext("Key"),
    "mode": lazy_gettext("Mode"),
    "account": lazy_gettext("Account"),
    "methods": lazy_gettext("Ways to pay"),
    "webhook": lazy_gettext("Webhook"),
    "terms": lazy_gettext("Terms of sale"),
    "arrivals": lazy_gettext("Events"),
}
_FOUND = {
    "key_good": lazy_gettext("%(provider)s accepts the key."),
    "key_refused": lazy_gettext("%(provider)s does not accept the key."),
    "key_silent": lazy_gettext("%(provider)s does not answer, or not as it should."),
    "key_unreadable": lazy_gettext("The stored key can no longer be opened."),
    "mode_test": lazy_gettext("It is a test key: no money moves."),
    "mode_live": lazy_gettext("It is a live key: payments move real money."),
    "account_charges": lazy_gettext("The account can charge."),
    "account_unread": lazy_gettext("The key may not read the account, so its state is not known."),
    "account_idle": lazy_gettext("%(provider)s has not activated the account for charges yet."),
    "profile_verified": lazy_gettext("Mollie has verified the profile."),
    "profile_unverified": lazy_gettext("Mollie has not verified the profile yet."),
    "methods_on": lazy_gettext("Switched on: %(methods)s."),
    "methods_off": lazy_gettext("No way to pay that Portico offers is switched on."),
    "webhook_good": lazy_gettext("%(provider)s sends all events we need to our address."),
    "webhook_told": lazy_gettext("%(provider)s is told our address with each payment."),
    "webhook_private": lazy_gettext(
        "No event can arrive, since the address of this installation is private."
    ),
    "webhook_missing": lazy_gettext("%(provider)s has no webhook for our address."),
    "webhook_secretless": lazy_gettext("The signing secret of the webhook is missing here."),
    "webhook_disabled": lazy_gettext("The webhook is switched off at %(provider)s."),
    "webhook_incomplete": lazy_gettext("The webhook leaves out events we need: %(events)s."),
    "webhook_version": lazy_gettext(
        "The webhook sends version %(version)s in place of %(wanted)s."
    ),
    "webhook_doubled": lazy_gettext("There are %(count)s webhooks for our address; one works."),
    "webhook_unread": lazy_gettext("The key may not read webhooks, so they cannot be checked."),
    "terms_unread": lazy_gettext("Stripe does not tell whether it knows your terms."),
    "terms_ours": lazy_gettext("Portico’s own payment page asks for consent."),
    "arrivals_seen": lazy_gettext("The last event arrived on %(date)s at %(time)s UTC."),
    "arrivals_none": lazy_gettext("No event has arrived yet."),
}
_ADVICE = {
    "key_refused": lazy_gettext("Make a new key at %(provider)s and replace this one."),
    "key_silent": lazy_gettext("Check again in a minute. Payments wait and go on by themselves."),
    "key_unreadable": lazy_gettext(
        "ENCRYPTION_KEYS was changed. Put the old value back behind the new one, or replace the"
        " key."
    ),
    "account_unread": lazy_gettext(
        "Nothing has to be done. To have it checked, allow the key to read the account."
    ),
    "account_idle": lazy_gettext("Answer what %(provider)s still asks in its dashboard."),
    "profile_unverified": lazy_gettext("Finish the profile in Mollie’s dashboard."),
    "methods_off": lazy_gettext("Switch on cards, or another way to pay, in its dashboard."),
    "webhook_private": lazy_gettext(
        "Portico looks at open payments by itself, so they are found a little later. For events,"
        " set PUBLIC_URL to an address the internet can reach."
    ),
    "webhook_missing": lazy_gettext("Register it anew on the webhook’s page here."),
    "webhook_secretless": lazy_gettext(
        "Register the webhook anew, or paste its signing secret on the webhook’s page here."
    ),
    "webhook_disabled": lazy_gettext("Switch it on there, or register it anew here."),
    "webhook_incomplete": lazy_gettext("Add them there, or register the webhook anew here."),
    "webhook_version": lazy_gettext("Register the webhook anew here."),
    "webhook_doubled": lazy_gettext(
        "Nothing has to be done. Registering the webhook anew leaves one."
    ),
    "webhook_unread": lazy_gettext(
        "Whether events arrive is said below. To have it checked, allow the key to read webhook"
        " endpoints."
    ),
    "terms_unread": lazy_gettext(
        "If a checkout asks for consent to your terms, enter their address in Stripe’s dashboard"
        " under Public details; Stripe refuses such checkouts otherwise."
    ),
    "arrivals_none": lazy_gettext(
        "That is right before the first payment. After it, look whether the address can be reached"
        " from outside."
    ),
}
_TAGS = {
    "good": (lazy_gettext("Works"), "good"),
    "note": (lazy_gettext("Note"), "plain"),
    "bad": (lazy_gettext("To be done"), "bad"),
}
_WEBHOOKS = {
    "registered": lazy_gettext("Registered at %(provider)s by Portico"),
    "by_hand": lazy_gettext("Set up by hand; its signing secret is kept here"),
    "missing": lazy_gettext("Not set up: Portico looks by itself, and finds payments later"),
    "told": lazy_gettext("Told to %(provider)s with each payment"),
    "private": lazy_gettext("None can arrive at a private address: Portico looks by itself"),
}


def subject(check: Check) -> str:
    """Webhook"""
    return str(_SUBJECTS[check.subject])


def sentence(check: Check, provider_name: str) -> str:
    """Stripe sends all events we need to our address."""
    return str(_FOUND[check.finding]) % {"provider": provider_name, **_shown(check)}


def advice(check: Check, provider_name: str) -> str:
    """Answer what to do about it, if there is anything."""
    found = _ADVICE.get(check.finding)
    return str(found) % {"provider": provider_name} if found else ""


def tag(check: Check) -> tuple[str, str]:
    """Answer words and look of how it stands."""
    text, look = _TAGS[check.standing]
    return str(text), look


def webhook(state: str, provider_name: str) -> str:
    """Registered at Stripe by Portico"""
    return str(_WEBHOOKS[state]) % {"provider": provider_name}


def methods(slugs: str) -> str:
    """Card, SEPA Direct Debit"""
    return str(gettext(", ")).join(words.method_name(slug) for slug in slugs.split(",") if slug)


def _shown(check: Check) -> dict[str, str]:
    shown = dict(check.values)
    if "methods" in shown:
        shown["methods"] = methods(shown["methods"])
    if "at" in shown:
        at = datetime.fromisoformat(shown["at"])
        shown |= {"date": filters.long_date(at), "time": filters.clock_time(at)}
    return shown
