"""The call by which a server gets a portal link, as a program writes it, and the answer to it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.billing.access import portal_links
from app.billing.site import Site
from app.models import PortalLink, Tenant

# Stands for the key in what is shown; nobody can show a key that was made before.
KEY = "YOUR_WRITE_KEY"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the API: where it goes, with which headers, and what it says as JSON."""

    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def curl(self) -> str:
        """The call in a POSIX shell."""
        lines = [f"curl --request POST --url {shlex.quote(self.url)}"]
        lines += [f"--header {shlex.quote(f'{name}: {text}')}" for name, text in self._every]
        lines.append(f"--data {shlex.quote(json.dumps(self.body, ensure_ascii=False))}")
        return " \\\n  ".join(lines)

    @property
    def requests(self) -> str:
        """The call in Python with the library requests; prints the link's address."""
        return (
            "import requests\n\n"
            "answer = requests.post(\n"
            f"    {_text(self.url)},\n"
            f"    headers={_block(self.headers, 4)},\n"
            f"    json={_block(self.body, 4)},\n"
            "    timeout=30,\n"
            ")\n"
            "answer.raise_for_status()\n"
            'print(answer.json()["items"][0]["nextAction"]["url"])\n'
        )

    @property
    def standard(self) -> str:
        """The call in Python with nothing but its standard library; prints the link's address."""
        return (
            "import json\n"
            "import urllib.request\n\n"
            "call = urllib.request.Request(\n"
            f"    {_text(self.url)},\n"
            f"    headers={_block(dict(self._every), 4)},\n"
            f"    data=json.dumps({_block(self.body, 4)}).encode(),\n"
            '    method="POST",\n'
            ")\n"
            "with urllib.request.urlopen(call, timeout=30) as answer:\n"
            '    print(json.load(answer)["items"][0]["nextAction"]["url"])\n'
        )

    @property
    def _every(self) -> list[tuple[str, str]]:
        return [*self.headers.items(), ("Content-Type", "application/json")]


def of(
    site: Site,
    tenant: Tenant,
    *,
    scope: str,
    user: str | None = None,
    price: str | None = None,
    quantity: int | None = None,
    return_url: str | None = None,
) -> Call:
    """Answer the call that asks for such a link; the tenant's app must be loaded. What is None is
    left out, so that the API's own rule for it holds."""
    app = str(tenant.app.uuid)
    asked = {
        "scope": scope,
        "userUuid": user,
        "priceId": price,
        "quantity": quantity,
        "returnUrl": return_url,
    }
    return Call(
        url=site.url(f"/api/v1/apps/{app}/tenants/{tenant.uuid}/portal-links"),
        headers={"x-api-key": KEY, "x-client-id": app, "x-api-key-type": "write"},
        body={name: said for name, said in asked.items() if said is not None},
    )


def item(link: PortalLink, url: str | None = None) -> dict[str, Any]:
    """Answer a link as the API says it; `url` is known only to whoever made it."""
    return {
        "id": link.id,
        "uuid": str(link.uuid),
        "createdAt": _moment(link.created_at),
        "updatedAt": _moment(link.updated_at),
        "deletedAt": _moment(link.deleted_at),
        "appUuid": str(link.tenant.app.uuid),
        "tenantUuid": str(link.tenant.uuid),
        "userUuid": str(link.user.uuid),
        "scope": link.scope,
        "priceId": link.price.price_id if link.price else None,
        "quantity": link.quantity,
        "returnUrl": link.return_url,
        "status": portal_links.status(link),
        "expiresAt": _moment(link.expires_at),
        "consumedAt": _moment(link.consumed_at),
        "revokedAt": _moment(link.revoked_at),
        "nextAction": {"url": url},
    }


def answer(link: PortalLink, url: str) -> dict[str, Any]:
    """Answer what the API answers a call with that made this link."""
    return {
        "kind": "portalLinks",
        "totalItems": 1,
        "itemsLength": 1,
        "items": [item(link, url)],
    }


def _moment(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _block(values: Mapping[str, Any], indent: int) -> str:
    blanks = " " * indent
    lines = "".join(f"{blanks}    {_text(key)}: {_text(said)},\n" for key, said in values.items())
    return "{\n" + lines + blanks + "}"


def _text(said: object) -> str:
    # JSON's strings and whole numbers are Python's too.
    return json.dumps(said, ensure_ascii=False)
