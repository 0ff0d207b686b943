"""What verbs need from the installation."""

from __future__ import annotations

import pytest

from app import clock
from app.billing.site import Credentials, Site, site_for
from app.models import ProviderAccount
from config import Config

STRIPE, MOLLIE = "https://api.stripe.com", "https://api.mollie.com"


def installation(**settings: str) -> Site:
    config = Config.model_validate(
        {
            "SECRET_KEY": "a" * 32,
            "ENCRYPTION_KEYS": "5e" * 32,
            "PUBLIC_URL": "https://billing.example.com",
            "STRIPE_API_URL": STRIPE,
            "MOLLIE_API_URL": MOLLIE,
            **settings,
        }
    )
    return Site(config=config, clock=clock.WallClock())


def account(site: Site, provider: str) -> ProviderAccount:
    sealed = site.seal(Credentials("key", hook_secret="unguessable"))
    return ProviderAccount(provider=provider, sealed_credentials=sealed, uuid="an-account")


class TestSign:
    def test_signs_the_same_alike_and_all_else_differently(self) -> None:
        site = installation()

        signed = {
            site.sign("return", "a"),
            site.sign("return", "b"),
            site.sign("state", "a"),
            installation(SECRET_KEY="b" * 32).sign("return", "a"),
        }

        assert site.sign("return", "a") in signed
        assert len({signature for _, signature in signed}) == 4

    def test_signs_with_an_earlier_key_as_long_as_it_is_known(self) -> None:
        key, signature = installation().sign("return", "a")

        rotated = installation(SECRET_KEY="b" * 32, SECRET_KEY_FALLBACKS="a" * 32)
        removed = installation(SECRET_KEY="b" * 32)

        assert rotated.sign("return", "a", key=key) == (key, signature)
        assert rotated.sign("return", "a")[0] != key
        with pytest.raises(KeyError):
            removed.sign("return", "a", key=key)


class TestHookUrl:
    def test_ends_in_a_secret_where_calls_are_not_signed(self) -> None:
        site = installation()

        assert site.hook_url(account(site, "stripe")) == (
            "https://billing.example.com/hooks/stripe/an-account"
        )
        assert site.hook_url(account(site, "mollie")) == (
            "https://billing.example.com/hooks/mollie/an-account/unguessable"
        )

    def test_is_missing_where_a_real_provider_could_not_reach_us(self) -> None:
        site = installation(PUBLIC_URL="http://localhost:5000")

        assert site.hook_url(account(site, "stripe")) is None

    def test_may_be_local_for_the_sandbox(self) -> None:
        site = installation(
            PUBLIC_URL="http://localhost:5000", STRIPE_API_URL="http://127.0.0.1:5010/stripe"
        )

        assert site.hook_url(account(site, "stripe")) is not None
        assert site.hook_url(account(site, "mollie")) is None


class TestCredentials:
    def test_survive_being_sealed(self) -> None:
        site = installation()
        secrets = Credentials("sk_test_1", webhook_secret="whsec_1")

        sealed = site.seal(secrets)

        assert "sk_test" not in sealed
        assert site.credentials(sealed) == secrets
        assert "sk_test" not in repr(site)


class TestSiteFor:
    def test_follows_the_clock_that_is_set(self) -> None:
        config = installation().config

        assert isinstance(site_for(config).clock, clock.WallClock)
        moved = config.model_copy(update={"CLOCK_URL": "http://127.0.0.1:9/control/clock"})
        assert isinstance(site_for(moved).clock, clock.SandboxClock)
