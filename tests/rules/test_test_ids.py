"""Test ids are part of the product, version 1: owners' end-to-end runs rely on them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACE = re.compile(r"\{\{.*?\}\}")

# Each id as templates write it; `*` is where a name of the app's own stands.
VERSION_1 = {
    *("sign-in-email", "sign-in-password", "sign-in-submit", "link-continue"),
    *("interval-*", "plan-*", "currency-*", "quantity", "continue"),
    *("tax-country", "vat-number", "method-*"),
    *("order-net", "order-tax", "order-total", "update-order", "pay"),
    *("checkout-status", "try-again", "plan-name", "plan-status"),
    *("change-plan", "moment-now", "moment-period_end", "change-preview", "change-confirm"),
    *("change-due-now", "change-renewal", "drop-change"),
    *("cancel-plan", "cancel-confirm", "resume-plan"),
    *("invoice-pdf-*", "invoices-csv"),
    *("method-default-*", "method-remove-*", "method-remove-confirm", "retry-payment"),
    *("invite-email", "invite-role", "invite-submit"),
    *("invitation-resend-*", "invitation-revoke-*", "accept-name", "accept-submit"),
    *("member-role-*", "member-remove-*", "member-remove-confirm"),
    *("reset-email", "reset-submit", "new-password"),
    *("sign-in-code", "sign-in-code-submit", "account", "account-name", "account-save"),
    *("account-change-password", "account-password", "account-new-password"),
    *("account-password-submit", "account-two-factor", "session-end-*", "sessions-end"),
    *("sessions-end-confirm", "two-factor-secret", "two-factor-code", "two-factor-password"),
    *("two-factor-enable", "two-factor-codes-left", "two-factor-renew"),
    *("two-factor-renew-submit", "two-factor-off", "two-factor-off-submit"),
    *("recovery-codes", "recovery-codes-kept"),
    *("console-two-factor-own", "console-two-factor-require"),
    *("console-key-name", "console-key-read", "console-key-write", "console-key-make"),
    *("console-key-secret", "console-key-revoke-*", "console-key-revoke-confirm"),
    *("console-origin", "console-origin-may-embed", "console-origin-add"),
    *("console-origin-switch-*", "console-origin-remove-*", "console-origin-remove-confirm"),
    *("console-embedding-snippet", "console-webhook-url", "console-webhook-add"),
    *("console-webhook-secret", "console-webhook-ping", "console-webhook-save"),
    *("console-webhook-switch", "console-webhook-rotate", "console-webhook-rotate-confirm"),
    *("console-webhook-remove", "console-webhook-remove-confirm", "console-key-set"),
    *("console-signing-key-retire-*", "console-signing-key-retire-confirm"),
    *("console-signing-key-rotate", "console-signing-key-rotate-confirm"),
    *("console-issuer-pem", "console-issuer-add"),
    *("console-playground-search", "console-playground-tenant-*", "console-playground-scope"),
    *("console-playground-user", "console-playground-price", "console-playground-show"),
    *("console-playground-curl", "console-playground-requests", "console-playground-standard"),
    *("console-playground-send", "console-playground-answer", "console-playground-address"),
    *("setup-code", "setup-name", "setup-email", "setup-password", "setup-submit"),
    *("setup-sandbox", "console-seller-country", "console-checklist", "console-checklist-*"),
    *("console-add-app", "console-add-submit", "console-settings-save"),
    *("console-branding-colour", "console-branding-save", "console-branding-contrast"),
    *("console-branding-logo", "console-branding-upload", "console-branding-remove"),
    *("console-branding-picture", "console-member-email", "console-member-role"),
    *("console-member-invite", "console-member-role-*", "console-member-remove-*"),
    *("console-member-remove-confirm", "console-invitation-resend-*"),
    "console-invitation-withdraw-*",
    *("console-catalogue-add-price", "console-catalogue-add-product"),
    *("console-catalogue-add-rate", "console-catalogue-archive", "console-catalogue-decision"),
    *("console-catalogue-edit", "console-catalogue-import", "console-catalogue-product-*"),
    *("console-catalogue-push", "console-catalogue-save", "console-catalogue-save-price"),
    *("console-catalogue-save-rate", "console-catalogue-try-tax", "console-providers-*-*"),
    *("console-providers-back", "console-providers-back-confirm", "console-providers-check"),
    *("console-providers-checks", "console-providers-connect", "console-providers-default"),
    *("console-providers-disconnect", "console-providers-disconnect-confirm"),
    *("console-providers-go-live", "console-providers-hook-url", "console-providers-live"),
    *("console-providers-live-name", "console-providers-point-*", "console-providers-register"),
    *("console-providers-replace-key", "console-providers-webhook"),
    "console-providers-webhook-keep",
    *("console-customers-search", "console-customers-find", "console-customers-next"),
    *("console-customers-new", "console-customers-email", "console-customers-create"),
    *("console-customers-plan", "console-customers-view", "console-customers-view-end"),
    *("console-customers-link", "console-customers-link-scope", "console-customers-link-person"),
    *("console-customers-link-address", "console-customers-link-revoke-*"),
    *("console-customers-invite", "console-customers-invite-email"),
    *("console-customers-invite-role", "console-customers-resend-*", "console-customers-revoke-*"),
    *("console-customers-role-*", "console-customers-remove-*"),
    *("console-customers-remove-confirm", "console-customers-export"),
    *("console-customers-delete", "console-customers-delete-confirm"),
    *("console-operations-search", "console-operations-find", "console-operations-nothing"),
    *("console-operations-state", "console-operations-timeline", "console-operations-next-check"),
    *("console-operations-look", "console-operations-replay", "console-operations-resend"),
    *("console-operations-refund", "console-operations-refund-continue"),
    *("console-operations-refund-confirm", "console-operations-mrr-*"),
    *("console-operations-cancel", "console-operations-cancel-confirm"),
    *("console-operations-accept", "console-operations-give-back"),
}
SOURCES = {
    r'data-testid="([^"]+)"': ("templates", "*.html"),
    r'testid="([^"{]+)"': ("templates", "*.html"),
    r'"data-testid": "([^"]+)"': ("app", "*.py"),
}


def written(root: Path) -> set[str]:
    """Answer every test id that templates and forms write."""
    return {
        PLACE.sub("*", found)
        for pattern, (folder, names) in SOURCES.items()
        for path in (root / folder).rglob(names)
        if "sandbox" not in path.parts
        for found in re.findall(pattern, path.read_text())
        if found != "{{ testid }}"
    }


class TestTestIds:
    def test_are_these_and_no_others(self) -> None:
        assert written(ROOT) == VERSION_1

    @pytest.mark.parametrize(
        ("template", "found"),
        [
            ('<button data-testid="pay">', {"pay"}),
            ('<input data-testid="plan-{{ product.slug }}">', {"plan-*"}),
            ('{{ country_select(form.country, testid="tax-country") }}', {"tax-country"}),
        ],
    )
    def test_are_noticed_wherever_they_stand(
        self, tmp_path: Path, template: str, found: set[str]
    ) -> None:
        (tmp_path / "templates").mkdir()
        (tmp_path / "templates/page.html").write_text(template)

        assert written(tmp_path) == found
