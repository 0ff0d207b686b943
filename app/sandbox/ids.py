"""Mint ids that look like the provider's, never repeat, and are the same for the same seed."""

import hashlib
import secrets
import string

from app.sandbox.store import Store

ALPHABET = string.ascii_letters + string.digits


class Ids:
    """A counter per space, which outlives a reset, hashed with the seed."""

    def __init__(self, store: Store, seed: str | None = None) -> None:
        self._store = store
        self._seed = seed or self._own_seed()

    def mint(self, space: str, prefix: str, length: int = 24) -> str:
        """Give an id nobody has had."""
        with self._store.transaction():
            number = self._store.count("ids", space)
            return prefix + self._letters(f"{space}\n{number}", length)

    def derive(self, space: str, purpose: str, prefix: str = "", length: int = 24) -> str:
        """Give the same id for the same space and purpose each time."""
        return prefix + self._letters(f"{space}\n={purpose}", length)

    def _letters(self, text: str, length: int) -> str:
        digest = hashlib.shake_256(f"{self._seed}\n{text}".encode()).digest(length + 8)
        number = int.from_bytes(digest)
        letters = []
        for _ in range(length):
            number, index = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[index])
        return "".join(letters)

    def _own_seed(self) -> str:
        row = self._store.get("", "seed", "seed")
        if row is None:
            row = {"seed": secrets.token_hex(16)}
            self._store.put("", "seed", "seed", row)
        seed: str = row["seed"]
        return seed
