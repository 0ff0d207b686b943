"""Secrets as they are stored."""

from __future__ import annotations

import pytest

from app.billing.vault import Unreadable, Vault

OLD, NEW = "4d" * 32, "5e" * 32


class TestVault:
    def test_opens_what_it_sealed(self) -> None:
        sealed = Vault([NEW]).seal("sk_test_ümlaut")

        assert "sk_test" not in sealed
        assert Vault([NEW]).open(sealed) == "sk_test_ümlaut"

    def test_seals_the_same_text_differently_each_time(self) -> None:
        vault = Vault([NEW])

        assert vault.seal("same") != vault.seal("same")

    def test_opens_what_an_older_key_sealed_and_seals_with_the_newest(self) -> None:
        sealed = Vault([OLD]).seal("secret")

        resealed = Vault([NEW, OLD]).reseal(sealed)

        assert Vault([NEW, OLD]).open(sealed) == "secret"
        assert Vault([NEW]).open(resealed) == "secret"

    @pytest.mark.parametrize("sealed", ["", "nonsense", "gAAAAAB"])
    def test_says_what_it_cannot_read(self, sealed: str) -> None:
        with pytest.raises(Unreadable):
            Vault([NEW]).open(sealed)

    def test_does_not_open_with_a_key_it_does_not_have(self) -> None:
        with pytest.raises(Unreadable):
            Vault([NEW]).open(Vault([OLD]).seal("secret"))
