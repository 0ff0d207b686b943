"""The front page: what this sandbox serves and which inputs do what."""

from flask import Blueprint, Response, current_app

from app.sandbox import mollie, stripe
from app.sandbox.pages import show

home = Blueprint("home", __name__)

CONTROLS = (
    (
        "POST /control/reset",
        "Forgets objects, faults, calls, deliveries, mails, the clock's offset.",
    ),
    ("GET /control/clock", "Says what time it is here."),
    ("POST /control/clock", 'Moves on: {"advance": "1 month"} or {"to": "2027-01-31T00:00:00Z"}.'),
    ("POST /control/faults", "Makes the next calls, deliveries or mails go wrong."),
    ("GET /control/faults", "Lists what will still go wrong."),
    ("DELETE /control/faults", "Lets everything go right again."),
    ("GET /control/calls", "Lists the API calls made."),
    ("GET /control/deliveries", "Lists the webhooks sent."),
    ("POST /control/deliveries/<id>/resend", "Sends a webhook again."),
    ("POST /control/refunds", "Gives a payment back, whole or in part, as in a dashboard."),
    ("POST /control/chargebacks", "Lets the payer's bank take a payment back."),
    ("GET /control/mails", "Lists the mails received; with ?to= those to one address."),
)


@home.get("/")
def index() -> Response:
    rules = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in current_app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(("/stripe/v1", "/mollie/v2")) and "<path:" not in rule.rule
    }
    endpoints = sorted(rules, key=lambda pair: (pair[1], pair[0]))
    guides = (*stripe.GUIDES, *mollie.GUIDES)
    return show("home.html", controls=CONTROLS, guides=guides, endpoints=endpoints)
