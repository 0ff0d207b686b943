"""docs/sandbox.md says what the sandbox does: paths, faults, fields, inputs, test ids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.sandbox import __main__ as program
from app.sandbox import control, create_sandbox
from app.sandbox.deliveries import SENDERS
from app.sandbox.faults import API_FAULTS, MAIL_FAULTS, MONEY_FAULTS, SECONDS, WEBHOOK_FAULTS
from app.sandbox.stripe import methods
from tests.sandbox_server import OPENER, SandboxServer
from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/sandbox.md").read_text()
TEMPLATES = ROOT / "app/sandbox/templates"


def control_doors() -> set[str]:
    app = create_sandbox()
    app.close()
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/control/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_the_control_door_is_documented_whole_and_nothing_else() -> None:
    documented = set(re.findall(r"^\| `((?:GET|POST|DELETE) /control/[^`]+)` \|", DOCUMENT, re.M))

    assert documented == control_doors()


def test_every_fault_is_documented_for_its_target_and_no_other() -> None:
    rows = set(re.findall(r"^\| (api|webhook|mail|either) \| `(\w+)` \|", DOCUMENT, re.M))

    assert rows == {
        *(("api", fault) for fault in API_FAULTS),
        *(("webhook", fault) for fault in WEBHOOK_FAULTS),
        *(("mail", fault) for fault in MAIL_FAULTS),
        *(("either", fault) for fault in MONEY_FAULTS),
    }


@pytest.mark.parametrize("fault", list(SECONDS))
def test_the_seconds_a_fault_takes_are_those_documented(fault: str) -> None:
    rows = re.findall(rf"`{fault}` \|.*`seconds` \((\d+)\)", DOCUMENT)

    assert {float(seconds) for seconds in rows} == {SECONDS[fault]}


def test_the_fields_of_calls_and_deliveries_are_documented() -> None:
    deliveries = ", ".join(f'"{name}"' for name in control.SHOWN)

    assert f'{{"deliveries": [{{{deliveries}}}]}}' in DOCUMENT
    for name in control.FAULT_FIELDS:
        assert f'"{name}"' in DOCUMENT


def test_the_fields_of_mails_are_documented() -> None:
    fields = ", ".join(f'"{name}"' for name in control.MAIL_FIELDS)

    assert f'{{"mails": [{{{fields}}}]}}' in DOCUMENT


def test_stripes_inputs_are_documented() -> None:
    plain = DOCUMENT.replace(" ", "")

    for number in (*methods.CARDS, methods.GOOD_IBAN, *methods.FAILING_IBANS):
        assert number in plain


def test_the_settings_are_documented() -> None:
    settings = re.findall(r"^(?:SANDBOX|SMTP)_\w+", program.USAGE, re.M)

    assert re.findall(r"^\| `((?:SANDBOX|SMTP)_\w+)` \|", DOCUMENT, re.M) == settings


def test_the_waits_of_stripes_webhooks_are_documented() -> None:
    assert [wait.total_seconds() / 60 for wait in SENDERS["stripe"].waits] == [5, 60, 300]
    assert "after 5 minutes, 1 hour and 5 hours" in DOCUMENT


def test_the_test_ids_are_those_of_the_pages() -> None:
    pages = "".join(page.read_text() for page in TEMPLATES.rglob("*.html"))
    used = set(re.findall(r'data-testid="([\w-]+)"', pages))

    assert set(re.findall(r"`(sandbox-[\w-]+)`", DOCUMENT)) == used


def test_the_front_page_lists_inputs_doors_and_endpoints(sandbox: SandboxServer) -> None:
    with OPENER.open(sandbox.url, timeout=PATIENCE_SECONDS) as answer:
        page = answer.read().decode()

    assert "4242 4242 4242 4242" in page
    assert "POST /stripe/v1/checkout/sessions" in page
    assert "GET /mollie/v2/payments" in page
    for door in control_doors():
        assert door.replace("<", "&lt;").replace(">", "&gt;") in page
