"""Seals secrets before they are stored, with keys that can be rotated."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Unreadable(Exception):
    """A sealed text was made with a key that is no longer in ENCRYPTION_KEYS."""


class Vault:
    """Seals with the newest key and opens with any; keys are 64 hexadecimal digits."""

    def __init__(self, keys: list[str]) -> None:
        fernets = [Fernet(base64.urlsafe_b64encode(bytes.fromhex(key))) for key in keys]
        self._fernet, self._newest = MultiFernet(fernets), fernets[0]

    def seal(self, text: str) -> str:
        """Answer the text, unreadable without a key."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Answer the text again; raises Unreadable."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise Unreadable("sealed with a key that ENCRYPTION_KEYS no longer holds") from error

    def is_fresh(self, sealed: str) -> bool:
        """Answer whether the newest key opens it, so that it needs no earlier one."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return False
        return True

    def reseal(self, sealed: str) -> str:
        """Answer the text sealed anew with the newest key."""
        return self.seal(self.open(sealed))
