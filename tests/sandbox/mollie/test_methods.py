"""Ways to pay, the profile, the organization."""

from __future__ import annotations

import pytest

from tests.sandbox.mollie.conftest import Shop


class TestMethods:
    @pytest.mark.parametrize(
        ("query", "expected", "absent"),
        [
            ({"sequenceType": "first"}, "ideal", "directdebit"),
            ({"sequenceType": "recurring"}, "directdebit", "ideal"),
            ({"amount": {"value": "1.00", "currency": "USD"}}, "creditcard", "eps"),
        ],
    )
    def test_only_what_is_possible_is_listed(
        self, shop: Shop, query: dict[str, str], expected: str, absent: str
    ) -> None:
        found = [method["id"] for method in shop.sdk.methods.list(**query)]

        assert expected in found
        assert absent not in found

    def test_all_of_them_and_one_can_be_read(self, shop: Shop) -> None:
        assert "directdebit" in [method["id"] for method in shop.sdk.methods.all()]
        assert shop.sdk.methods.get("ideal")["description"] == "iDEAL"
        assert shop.call("GET", "methods/sofort")[0] == 404


class TestProfile:
    def test_it_is_a_verified_test_profile(self, shop: Shop) -> None:
        profile = shop.sdk.profiles.get("me")

        assert (profile["mode"], profile["status"]) == ("test", "verified")
        assert profile["id"] == shop.payment()["profileId"]

    def test_the_organization_is_named(self, shop: Shop) -> None:
        assert shop.sdk.organizations.get("me")["name"] == "Acme Notes GmbH"
