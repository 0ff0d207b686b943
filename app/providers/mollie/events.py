"""Reading Mollie's calls: unsigned, and no more than the id of a payment to look at."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qs

from app.providers import base, errors

PAYMENT_ID = re.compile(r"tr_[A-Za-z0-9]+")
_BODY_LIMIT = 1024


def read(body: bytes, headers: Mapping[str, str]) -> base.ProviderEvent:
    """Read a call's payment id, from a form (as Mollie sends) or JSON; raises BadSignature.

    Nothing in the call is proof: the payment is fetched, and only that counts. The id is matched
    whole before it goes into any path (Mollie, "Webhooks").
    """
    payment_id = _id(body, headers) if len(body) <= _BODY_LIMIT else None
    if payment_id is None or not PAYMENT_ID.fullmatch(payment_id):
        raise errors.BadSignature("the call does not name one Mollie payment")
    return base.ProviderEvent(type=None, object_id=payment_id)


def _id(body: bytes, headers: Mapping[str, str]) -> str | None:
    content_type = next((v for k, v in headers.items() if k.lower() == "content-type"), "")
    try:
        if content_type.partition(";")[0].strip().lower() == "application/json":
            return _id_of_json(json.loads(body.decode("ascii")))
        ids = parse_qs(body.decode("ascii"), max_num_fields=10).get("id", [])
    except (ValueError, RecursionError):
        return None
    return ids[0] if len(ids) == 1 else None


def _id_of_json(document: object) -> str | None:
    found = document.get("id") if isinstance(document, dict) else None
    return found if isinstance(found, str) else None
