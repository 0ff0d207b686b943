"""Payment links: the addresses of a checkout's payment page, and who may open it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy.orm import Session

from app.billing.errors import NotAllowed
from app.billing.ordering import checkout_orders
from app.billing.purchase import checkouts
from app.billing.purchase.made_checkouts import MadeCheckout
from app.billing.site import Site
from app.models import CheckoutSession

_KIND = "payment"


@dataclass(frozen=True, slots=True)
class PaymentLink:
    """What the address of a payment page said, each part as it was sent; None where it was absent
    or came twice. `key` is the secret of the return address. `states` are the readings of the
    caller's state: a plus sign may stand for itself or for a blank."""

    checkout: str
    key: str | None = None
    client_id: str | None = None
    kind: str | None = None
    session_id: str | None = None
    hash: str | None = None
    states: tuple[str, ...] = ()


def keyed(site: Site, checkout: CheckoutSession | MadeCheckout) -> str:
    """Answer the address that opens the page of any checkout."""
    return site.url(f"/pay/{checkout.uuid}?key={secret(site, checkout)}")


def stated(site: Site, checkout: CheckoutSession, app: UUID) -> str:
    """Answer the address that lacks only the state its caller keeps: `&state=` is to be appended
    (`tenant_v1`)."""
    named = {
        "client_id": str(app),
        "type": _KIND,
        "session_id": str(checkout.uuid),
        "hash": hash_of(site, checkout, app),
    }
    return site.url(f"/pay/{checkout.uuid}?{urlencode(named)}")


def hash_of(site: Site, checkout: CheckoutSession, app: UUID) -> str:
    """Answer what ties a checkout to its app and its caller's state, 64 hexadecimal digits."""
    subject = f"{checkout.uuid}\n{app}\n{checkout.state_digest}"
    return site.sign("payment page", subject, key=checkout.return_key)[1]


def secret(site: Site, checkout: CheckoutSession | MadeCheckout) -> str:
    """Answer the secret of a checkout's return address; raises KeyError where the key that signed
    it is no longer known."""
    _, address = checkout_orders.return_url(site, checkout.uuid, key=checkout.return_key)
    return address.rpartition("/")[2]


def digest_of(state: str) -> str:
    """Answer a caller's state as it is stored."""
    return sha256(state.encode()).hexdigest()


def find(db: Session, site: Site, link: PaymentLink) -> CheckoutSession:
    """Answer the checkout a link opens, with all its page shows.

    Raises NotAllowed, in the same words whatever is wrong or missing; each part is compared in
    constant time.
    """
    checkout = _named(db, link.checkout)
    try:
        if checkout is not None and _opens(site, checkout, link):
            return checkout
    except KeyError:
        # Signed with a key that has been taken out of service since.
        pass
    raise NotAllowed("This payment link is not valid. Go back to where you found it.")


def _named(db: Session, text: str) -> CheckoutSession | None:
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    return checkouts.by_uuid(db, uuid)


def _opens(site: Site, checkout: CheckoutSession, link: PaymentLink) -> bool:
    if link.key is not None:
        return _is_same(link.key, secret(site, checkout))
    return _is_stated(site, checkout, link)


def _is_stated(site: Site, checkout: CheckoutSession, link: PaymentLink) -> bool:
    app = checkout.app.uuid
    # All parts are compared, so that the time taken does not tell which one was wrong.
    states = [_is_same(digest_of(state), checkout.state_digest) for state in link.states]
    parts = [
        _is_same(link.client_id, str(app)),
        _is_same(link.kind, _KIND),
        _is_same(link.session_id, str(checkout.uuid)),
        _is_same(link.hash, hash_of(site, checkout, app)),
        any(states),
    ]
    return all(parts)


def _is_same(sent: str | None, known: str | None) -> bool:
    if sent is None or known is None:
        return False
    return compare_digest(sent.encode("utf-8", "replace"), known.encode())
