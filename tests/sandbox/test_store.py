"""The sandbox's memory: all or nothing, in order, in a file that survives."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.sandbox.store import Store


class Broken(Exception):
    pass


class TestTransaction:
    def test_undoes_everything_when_one_part_fails(self) -> None:
        store = Store()
        store.put("a", "things", "1", {"n": 1})
        store.put("a", "things", "2", {"n": 2})

        with pytest.raises(Broken), store.transaction():
            store.put("a", "things", "1", {"n": 10})
            store.delete("a", "things", "2")
            store.put("a", "things", "3", {"n": 3})
            raise Broken

        assert store.find("a", "things") == [{"n": 1}, {"n": 2}]

    def test_calls_back_only_after_what_was_kept(self) -> None:
        store = Store()
        called = []

        with store.transaction():
            store.after_commit(lambda: called.append("kept"))
            assert called == []
        with pytest.raises(Broken), store.transaction():
            store.after_commit(lambda: called.append("lost"))
            raise Broken
        store.put("a", "things", "1", {})

        assert called == ["kept"]


def test_a_value_read_can_be_changed_without_changing_what_is_stored() -> None:
    store = Store()
    store.put("a", "things", "1", {"list": [1]})

    found = store.get("a", "things", "1")
    assert found is not None
    found["list"].append(2)

    assert store.get("a", "things", "1") == {"list": [1]}


def test_a_file_holds_what_was_stored_in_the_order_it_was_made(tmp_path: Path) -> None:
    file = tmp_path / "state" / "sandbox.db"
    store = Store(file)
    for id in ("b", "a", "c"):
        store.put("space", "things", id, {"id": id})
    store.put("space", "things", "b", {"id": "b", "changed": True})
    store.delete("space", "things", "a")
    store.close()

    again = Store(file)

    assert again.find("space", "things") == [{"id": "b", "changed": True}, {"id": "c"}]
    again.close()


def test_clearing_keeps_the_named_kinds() -> None:
    store = Store()
    store.put("a", "kept", "1", {"n": 1})
    store.put("a", "things", "1", {"n": 1})

    store.clear(frozenset({"kept"}))

    assert store.find("a", "kept") == [{"n": 1}]
    assert store.find("a", "things") == []
