"""Check a call's fields one by one: what is unknown, missing or of a wrong kind is refused."""

import ipaddress
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from app.sandbox.mollie.refusals import invalid, not_modelled, refusal
from app.sandbox.store import Json

Check = Callable[[Any, str], Any]
DESCRIPTION_LIMIT = 255
METADATA_LIMIT = 1024
LOCALES = frozenset(
    {
        *("ca_ES", "cs_CZ", "da_DK", "de_AT", "de_CH", "de_DE", "de_LU", "el_GR", "en_BE"),
        *("en_GB", "en_NL", "en_US", "es_ES", "fi_FI", "fr_BE", "fr_FR", "fr_LU", "hu_HU"),
        *("is_IS", "it_IT", "lt_LT", "lv_LV", "nb_NO", "nl_BE", "nl_NL", "pl_PL", "pt_PT"),
        *("sk_SK", "sl_SI", "sv_SE", "tr_TR"),
    }
)


def read(
    given: Json,
    checks: Mapping[str, Check],
    *,
    required: Collection[str] = (),
    not_played: Collection[str] = (),
) -> Json:
    """Give the checked fields; a null counts as not given, as at Mollie."""
    for name in given:
        if name in not_played:
            raise not_modelled(f"the field {name}")
        if name not in checks:
            raise invalid(name, f'Non-existent body parameter "{name}" for this API call.')
    present = {name: value for name, value in given.items() if value is not None}
    for name in required:
        if name not in present:
            raise invalid(name, f"The {name} is required for this API call")
    return {name: checks[name](value, name) for name, value in present.items()}


def query(given: Mapping[str, str], *known: str) -> dict[str, str]:
    """Give the query; an unknown name is refused."""
    for name in given:
        if name not in known:
            raise refusal(400, f'Non-existent query parameter "{name}" for this API call.', name)
    return dict(given)


def text(value: Any, field: str) -> str:
    """Check a text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise invalid(field, f"The {field} must be a text")
    return value


def description(value: Any, field: str) -> str:
    """Check a text of at most 255 characters."""
    if len(text(value, field)) > DESCRIPTION_LIMIT:
        raise invalid(field, f"The {field} is longer than {DESCRIPTION_LIMIT} characters")
    return str(value)


def url(value: Any, field: str) -> str:
    """Check an http or https address."""
    if _host(text(value, field)) is None:
        raise invalid(field, f"The {field} is not a valid URL")
    return str(value)


def webhook_url(value: Any, field: str) -> str:
    """Refuse what cannot be reached from outside; this machine is let through, unlike Mollie,
    since that is where the sandbox is."""
    host = _host(url(value, field)) or ""
    try:
        address = ipaddress.ip_address(host)
        reachable = address.is_global or address.is_loopback
    except ValueError:
        reachable = host == "localhost" or ("." in host and not host.endswith(".local"))
    if not reachable:
        raise invalid(field, "The webhook URL is invalid because it is unreachable from Mollie")
    return str(value)


def locale(value: Any, field: str) -> str:
    """Check a locale Mollie knows."""
    if value not in LOCALES:
        raise invalid(field, f"The {field} is not supported")
    return str(value)


def metadata(value: Any, field: str) -> Any:
    """Check any JSON of at most 1024 bytes."""
    if len(json.dumps(value)) > METADATA_LIMIT:
        raise invalid(field, f"The {field} is larger than {METADATA_LIMIT} bytes")
    return value


def day(value: Any, field: str) -> str:
    """Check a date, such as 2027-01-31."""
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text(value, field), re.ASCII):
            raise ValueError(value)
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise invalid(field, f"The {field} must be a date such as 2027-01-31") from None


def count(value: Any, field: str) -> int:
    """Check a whole number from 1 to 999."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 999:
        raise invalid(field, f"The {field} must be a whole number above zero")
    return value


def one_of(*allowed: str) -> Check:
    """Make a check for a closed list of words."""

    def check(value: Any, field: str) -> str:
        if value not in allowed:
            raise invalid(field, f"The {field} must be one of {', '.join(allowed)}")
        return str(value)

    return check


def address(value: Any, field: str) -> Json:
    """Check an object of texts."""
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise invalid(field, f"The {field} must be an object of texts")
    return value


def _host(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None
