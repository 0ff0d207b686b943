"""Decide which call, delivery or mail goes wrong next, and how."""

from app.sandbox.store import Json, Store

API_FAULTS = ("429", "500_before", "500_after", "timeout", "delay", "drop")
WEBHOOK_FAULTS = ("drop", "delay", "duplicate", "reorder")
MAIL_FAULTS = ("450", "450_after", "550")
MONEY_FAULTS = ("mandate_pending", "wrong_amount")
SECONDS = {"timeout": 30.0, "delay": 5.0, "reorder": 60.0}


class Faults:
    """Each fault is stored, applies `times` times, first made first used."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, fault: Json) -> Json:
        """Keep a fault, and answer it with its id."""
        with self._store.transaction():
            row = {"id": str(self._store.count("faults")), **fault}
            self._store.put("", "faults", row["id"], row)
        return row

    def all(self) -> list[Json]:
        """Answer the faults that still apply."""
        return self._store.find("", "faults")

    def clear(self) -> None:
        """Forget every fault."""
        with self._store.transaction():
            for fault in self.all():
                self._store.delete("", "faults", fault["id"])

    def take(
        self, target: str, provider: str, subjects: list[str], kinds: tuple[str, ...]
    ) -> Json | None:
        """Use up one application of the first fault that fits; None when none does.

        `target` "" fits both; a fault fits when its `match` is part of one of `subjects`.
        """

        def fits(fault: Json) -> bool:
            return (
                fault["fault"] in kinds
                and target in ("", fault["target"])
                and fault["provider"] in (None, provider)
                and any(fault["match"] in subject for subject in subjects)
            )

        with self._store.transaction():
            fault = next(iter(self._store.find("", "faults", fits)), None)
            if fault is not None:
                self._use_up(fault)
        return fault

    def _use_up(self, fault: Json) -> None:
        if fault["times"] > 1:
            self._store.put("", "faults", fault["id"], {**fault, "times": fault["times"] - 1})
        else:
            self._store.delete("", "faults", fault["id"])
