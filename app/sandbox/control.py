"""The control door: reset, clock, faults, calls, deliveries, mails, for people and for tests."""

import math
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import BadRequest

from app.sandbox.clock import add, iso, read_iso
from app.sandbox.faults import API_FAULTS, MAIL_FAULTS, MONEY_FAULTS, WEBHOOK_FAULTS
from app.sandbox.store import Json
from app.sandbox.world import World

control = Blueprint("control", __name__, url_prefix="/control")
PROVIDERS = ("stripe", "mollie")
FAULTS_OF = {
    "api": API_FAULTS + MONEY_FAULTS,
    "webhook": WEBHOOK_FAULTS + MONEY_FAULTS,
    "mail": MAIL_FAULTS,
}
FAULT_FIELDS = ("target", "provider", "match", "fault", "times", "seconds")
SHOWN = ("id", "provider", "event_id", "type", "object_id", "attempts", "status")
MAIL_FIELDS = ("id", "to", "subject", "text", "html", "message_id", "received_at")


class BadField(Exception):
    """A body of the control door that cannot be used; names the field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@control.errorhandler(BadField)
def refuse(error: BadField) -> tuple[Response, int]:
    return jsonify({"error": {"field": error.field, "message": str(error)}}), 400


@control.post("/reset")
def reset() -> Response:
    world().reset()
    return jsonify({"now": iso(world().clock.now())})


@control.get("/clock")
def read_clock() -> Response:
    return jsonify({"now": iso(world().clock.now())})


@control.post("/clock")
def move_clock() -> Response:
    body = read_body(("advance", "to"))
    if len(body) != 1:
        raise BadField("advance", "Send either advance or to.")
    now = world().clock.now()
    if "advance" in body:
        target = _read("advance", body, lambda text: add(now, text))
    else:
        target = _read("to", body, read_iso)
        if target < now:
            raise BadField("to", f"The clock stands at {iso(now)} and only moves forward.")
    world().advance_to(target)
    return jsonify({"now": iso(world().clock.now())})


@control.get("/faults")
def list_faults() -> Response:
    return jsonify({"faults": world().faults.all()})


@control.post("/faults")
def create_fault() -> tuple[Response, int]:
    body = read_body(FAULT_FIELDS)
    target = _choice("target", body, tuple(FAULTS_OF))
    fault = {
        "target": target,
        "provider": _choice("provider", body, PROVIDERS) if body.get("provider") else None,
        "match": _match(body),
        "fault": _choice("fault", body, FAULTS_OF[target]),
        "times": read_number("times", body, 1),
        "seconds": read_number("seconds", body, None),
    }
    if not isinstance(fault["times"], int) or fault["times"] < 1:
        raise BadField("times", "times must be a whole number, at least 1.")
    return jsonify(world().faults.add(fault)), 201


@control.delete("/faults")
def clear_faults() -> Response:
    world().faults.clear()
    return jsonify({"faults": []})


@control.get("/calls")
def list_calls() -> Response:
    return jsonify({"calls": world().calls.all()})


@control.get("/deliveries")
def list_deliveries() -> Response:
    rows = world().outbox.all()
    return jsonify({"deliveries": [{name: row[name] for name in SHOWN} for row in rows]})


@control.post("/deliveries/<id>/resend")
def resend(id: str) -> tuple[Response, int]:
    row = world().outbox.resend(id)
    if row is None:
        message = f"There is no delivery {id!r}."
        return jsonify({"error": {"field": "id", "message": message}}), 404
    return jsonify({name: row[name] for name in SHOWN}), 200


@control.get("/mails")
def list_mails() -> Response:
    rows = world().mailbox.all(request.args.get("to", ""))
    return jsonify({"mails": [{name: row[name] for name in MAIL_FIELDS} for row in rows]})


def world() -> World:
    """Answer the world this server plays."""
    found: World = current_app.extensions["world"]
    return found


def read_body(fields: tuple[str, ...]) -> Json:
    try:
        body = request.get_json(force=True)
    except BadRequest:
        raise BadField("body", "The body must be JSON.") from None
    if not isinstance(body, dict):
        raise BadField("body", "The body must be a JSON object.")
    for name in body:
        if name not in fields:
            raise BadField(name, f"{name} is not known here; known: {', '.join(fields)}.")
    return body


def _read(name: str, body: Json, reader: Any) -> Any:
    try:
        return reader(body[name])
    except (TypeError, ValueError) as e:
        raise BadField(name, f"{name} cannot be read: {e}") from None


def _choice(name: str, body: Json, choices: tuple[str, ...]) -> str:
    value = str(body[name]) if isinstance(body.get(name), str | int) else None
    if value not in choices:
        raise BadField(name, f"{name} must be one of {', '.join(choices)}.")
    return value


def _match(body: Json) -> str:
    value = body.get("match")
    if value is not None and not isinstance(value, str):
        raise BadField("match", "match must be text.")
    return value or ""


def read_number(name: str, body: Json, default: int | None) -> int | float | None:
    value = body.get(name, default)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadField(name, f"{name} must be a number.")
    if not math.isfinite(value) or not 0 <= value <= 1_000_000:
        raise BadField(name, f"{name} must lie between 0 and 1000000.")
    return value
