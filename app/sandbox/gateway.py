"""Take an API call through its life: key, fault, idempotency, the endpoint itself, the record."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta

from flask import Flask, Request, Response, request

from app.sandbox.clock import iso
from app.sandbox.faults import API_FAULTS, SECONDS
from app.sandbox.replays import InFlight, Reused
from app.sandbox.store import Json
from app.sandbox.world import Account, World

# Says on every answer what time it is here, so that nobody has to ask.
TIME_HEADER = "Sandbox-Time"
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body; a body of None sends none. It is sent after `held` seconds."""

    status: int
    body: Json | None
    headers: dict[str, str] = field(default_factory=dict)
    held: float = 0.0


class Refusal(Exception):
    """An answer in the provider's own words that undoes what the endpoint did.

    With `keep=True` what was stored stays, and the answer is what an idempotency key replays: a
    declined card leaves its failed attempt.
    """

    def __init__(
        self, status: int, body: Json, *, headers: dict[str, str] | None = None, keep: bool = False
    ) -> None:
        super().__init__(status, body)
        self.answer = Answer(status, body, headers or {})
        self.keep = keep


Endpoint = Callable[..., "Json | Answer | None"]


@dataclass(frozen=True)
class Route:
    """A method and a rule, and the endpoint that answers there."""

    method: str
    rule: str
    endpoint: Endpoint


class Routes:
    """Collect a resource file's endpoints: `@routes.post("/v1/customers")`.

    An endpoint is `(account, params, **path_arguments)` and returns the JSON body or an Answer.
    """

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def get(self, rule: str) -> Callable[[Endpoint], Endpoint]:
        """Register what answers a GET."""
        return self._route("GET", rule)

    def post(self, rule: str) -> Callable[[Endpoint], Endpoint]:
        """Register what answers a POST."""
        return self._route("POST", rule)

    def patch(self, rule: str) -> Callable[[Endpoint], Endpoint]:
        """Register what answers a PATCH."""
        return self._route("PATCH", rule)

    def delete(self, rule: str) -> Callable[[Endpoint], Endpoint]:
        """Register what answers a DELETE."""
        return self._route("DELETE", rule)

    def _route(self, method: str, rule: str) -> Callable[[Endpoint], Endpoint]:
        def register(endpoint: Endpoint) -> Endpoint:
            self.routes.append(Route(method, rule, endpoint))
            return endpoint

        return register


class Provider(ABC):
    """What differs between the two companies whose servers this plays."""

    name: str
    created_status: int
    replay_window: timedelta
    replays_errors: bool

    @abstractmethod
    def key(self, request: Request) -> str:
        """Give the key that names the account; raises Refusal (401)."""

    @abstractmethod
    def read(self, request: Request, route: Route) -> Json:
        """Decode and check the parameters; raises Refusal (nothing is stored for its key)."""

    @abstractmethod
    def refuse(self, reason: str, method: str, path: str) -> Refusal:
        """Word one of: rate_limited, broken, in_flight, key_reused, not_implemented."""

    def write(self, account: Account, params: Json, body: Json) -> Json:
        """Give the body its last form before it is sent, such as expanded references."""
        return body

    def headers(self, account: Account) -> dict[str, str]:
        """Give the headers every answer carries."""
        return {}


def mount(app: Flask, world: World, provider: Provider, routes: list[Route]) -> None:
    """Serve the routes under `/<provider>`; every other path there answers 501."""
    prefix = f"/{provider.name}"
    for route in routes:
        app.add_url_rule(
            prefix + route.rule,
            endpoint=f"{provider.name} {route.method} {route.rule}",
            view_func=_view(world, provider, route),
            methods=[route.method],
        )

    def not_implemented(account: Account, params: Json, rest: str) -> Json:
        path = request.path.removeprefix(prefix)
        raise provider.refuse("not_implemented", request.method, path)

    for version in sorted({route.rule.split("/")[1] for route in routes}):
        for method in METHODS:
            rule = f"/{version}/<path:rest>"
            app.add_url_rule(
                prefix + rule,
                endpoint=f"{provider.name} {method} *",
                view_func=_view(world, provider, Route(method, rule, not_implemented)),
                methods=[method],
            )


def _view(world: World, provider: Provider, route: Route) -> Callable[..., Response]:
    def view(**arguments: str) -> Response:
        world.base_url = request.host_url.rstrip("/")
        called_at = world.clock.now()
        answer = _answer(world, provider, route, arguments)
        world.calls.add(
            {
                "at": iso(called_at),
                "provider": provider.name,
                "method": request.method,
                "path": request.path,
                "idempotency_key": request.headers.get("Idempotency-Key"),
                "status": answer.status,
            }
        )
        # Only now: the call is on record while its answer is held back, as what it did is.
        if answer.held:
            world.stopping.wait(answer.held)
        response = _response(answer)
        response.headers[TIME_HEADER] = iso(world.clock.now())
        return response

    return view


@dataclass(frozen=True)
class _Call:
    """A call whose account and parameters are known."""

    account: Account
    provider: Provider
    route: Route
    params: Json
    arguments: Json
    key: str | None

    def refusal(self, reason: str) -> Refusal:
        """Word a refusal of this call."""
        return self.provider.refuse(reason, request.method, request.path)


def _answer(world: World, provider: Provider, route: Route, arguments: Json) -> Answer:
    try:
        account = world.account(provider.name, provider.key(request))
        params = provider.read(request, route)
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        answer = _with_fault(_Call(account, provider, route, params, arguments, key))
    except Refusal as refusal:
        return refusal.answer
    return replace(answer, headers={**provider.headers(account), **answer.headers})


def _with_fault(call: _Call) -> Answer:
    world = call.account.world
    fault = world.faults.take("api", call.provider.name, [request.path], API_FAULTS)
    kind = fault["fault"] if fault else ""
    if kind == "429":
        raise call.refusal("rate_limited")
    if kind == "500_before":
        raise call.refusal("broken")
    if kind == "drop":
        return Answer(0, None)
    seconds = (fault["seconds"] or SECONDS.get(kind, 0.0)) if fault else 0.0
    answer = _once(call, wait=seconds if kind == "delay" else 0.0, breaks=kind == "500_after")
    return replace(answer, held=seconds) if kind == "timeout" else answer


def _once(call: _Call, *, wait: float, breaks: bool) -> Answer:
    """Answer a call, or again what its idempotency key was answered before."""
    world, space = call.account.world, call.account.space
    content = json.dumps([request.path, call.params], sort_keys=True)
    window = call.provider.replay_window
    claim = world.replays.claim(space, call.key, content, window) if call.key else nullcontext(None)
    try:
        with claim as stored:
            if stored is not None:
                return Answer(stored["status"], stored["body"], {"Idempotent-Replayed": "true"})
            if wait:
                world.stopping.wait(wait)
            return _execute(call, content, breaks=breaks)
    except InFlight:
        raise call.refusal("in_flight") from None
    except Reused:
        raise call.refusal("key_reused") from None


def _execute(call: _Call, content: str, *, breaks: bool) -> Answer:
    account = call.account
    with account.transaction():
        try:
            answer = _ask(call)
        except Refusal as refusal:
            if not refusal.keep:
                raise
            answer = refusal.answer
        sent = call.refusal("broken").answer if breaks else answer
        if call.key:
            kept = sent if call.provider.replays_errors else answer
            stored = {"status": kept.status, "body": kept.body}
            account.world.replays.keep(account.space, call.key, content, stored)
    return sent


def _ask(call: _Call) -> Answer:
    """Have the endpoint answer."""
    result = call.route.endpoint(call.account, call.params, **call.arguments)
    if not isinstance(result, Answer):
        status = call.provider.created_status if request.method == "POST" else 200
        result = Answer(status, result)
    if result.body is None:
        return result
    body = call.provider.write(call.account, call.params, result.body)
    return Answer(result.status, body, result.headers)


def _response(answer: Answer) -> Response:
    if answer.status == 0:
        return Response(_hang_up())
    body = "" if answer.body is None else json.dumps(answer.body)
    response = Response(body, status=answer.status, headers=answer.headers)
    response.mimetype = "application/json"
    return response


def _hang_up() -> Iterator[bytes]:
    """Break the connection without an answer, as a failing network does."""
    raise ConnectionResetError("the sandbox dropped this call, as a fault asked")
    yield b""
