"""Which pages of other origins may call us: those an app has registered, where tokens are used."""

from __future__ import annotations

from uuid import UUID

from flask import Flask, Response, request
from sqlalchemy import select

from app.api import calls, credentials
from app.api.dialects import Dialect, Operation, shape_of
from app.models import App, Origin, Tenant

_HEADERS = "Authorization, Content-Type, Idempotency-Key, X-Request-Id"
_SHOWN = "Retry-After, X-Request-Id"
_KEPT_SECONDS = "600"


def install(flask_app: Flask, dialects: tuple[Dialect, ...]) -> None:
    """Let browsers read the answers of operations that are for them."""
    open_shapes = _open_shapes(dialects)

    def answer(response: Response) -> Response:
        rule = request.url_rule
        shape = shape_of(rule.rule) if rule is not None else ""
        if shape in open_shapes:
            _allow(response, open_shapes[shape])
        return response

    flask_app.after_request(answer)


def _open_shapes(dialects: tuple[Dialect, ...]) -> dict[str, str]:
    shapes: dict[str, set[str]] = {}
    for operation in _for_browsers(dialects):
        shapes.setdefault(shape_of(operation.path), set()).add(operation.method)
    return {shape: ", ".join(sorted(methods)) for shape, methods in shapes.items()}


def _for_browsers(dialects: tuple[Dialect, ...]) -> list[Operation]:
    return [
        operation
        for dialect in dialects
        for operation in dialect.operations
        if operation.for_browsers
    ]


def _allow(response: Response, methods: str) -> None:
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin is None or not _is_registered(origin):
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _SHOWN
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = methods
        response.headers["Access-Control-Allow-Headers"] = _HEADERS
        response.headers["Access-Control-Max-Age"] = _KEPT_SECONDS


def _is_registered(origin: str) -> bool:
    """Answer whether the app a path names, by itself or by a tenant, has registered the origin."""
    places = request.view_args or {}
    app_uuid, tenant_uuid = (_uuid(places.get(name)) for name in ("app_uuid", "tenant_uuid"))
    if "\x00" in origin or (app_uuid is None and tenant_uuid is None):
        return False
    found = select(Origin.id).join(App, App.id == Origin.app_id).where(Origin.origin == origin)
    if app_uuid is not None:
        found = found.where(App.uuid == app_uuid)
    else:
        found = found.join(Tenant, Tenant.app_id == App.id).where(Tenant.uuid == tenant_uuid)
    return calls.db().scalar(found.limit(1)) is not None


def _uuid(place: object) -> UUID | None:
    return credentials.uuid_or_none(str(place)) if place is not None else None
