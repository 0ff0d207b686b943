"""Every request has an id, which its answer, its lines and its error page carry."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app import create_app, jobs
from app.billing.access import api_keys
from app.billing.site import Site
from app.db.engine import Database
from app.logs import context, requests
from app.logs.formatters import Json
from app.logs.scrubber import Scrubber
from config import Config
from tests.cast import World

UUID = "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"
TOKEN = "Zk3x_qLw9-VbT2mN8rYc5uHd7jPf0sGa4eKi6oXt1B0"
# Variables of addresses that say what is meant and open nothing by themselves.
OPEN_NAMES = re.compile(
    r"\w+_uuid|checkout|session_id|provider|version|colour|name|digest|area|provider_id"
)


@pytest.fixture
def flask_app(config: Config, site: Site, database: Database) -> Flask:
    return create_app(config, site=site, database=database)


@pytest.fixture
def said() -> Iterator[list[dict[str, Any]]]:
    """Answer what the program says from now on, as it would stand in a file."""
    lines = Lines()
    logger = logging.getLogger("app")
    before = logger.level
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    yield lines.said
    logger.removeHandler(lines)
    logger.setLevel(before)


class Lines(logging.StreamHandler[io.StringIO]):
    """Reads back each line as a program that collects them does."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.said: list[dict[str, Any]] = []
        self.setFormatter(Json())
        self.addFilter(Scrubber())

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(json.loads(self.format(record)))


class TestIds:
    @pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/healthz", "/hooks/x", "/api/v1/x"])
    def test_are_in_every_answer(self, flask_app: Flask, path: str) -> None:
        answers = [flask_app.test_client().get(path) for _ in range(2)]

        names = [answer.headers.getlist("X-Request-Id") for answer in answers]
        assert [len(name) for name in names] == [1, 1]
        assert names[0] != names[1]

    @pytest.mark.parametrize(
        ("given", "is_kept"),
        [("proxy-7.a_B", True), ("", False), ("a b", False), ("x" * 65, False)],
    )
    def test_are_the_callers_where_they_are_sound(
        self, flask_app: Flask, given: str, is_kept: bool
    ) -> None:
        answer = flask_app.test_client().get("/sign-in", headers={"X-Request-Id": given})

        assert (answer.headers["X-Request-Id"] == given) is is_kept

    def test_are_what_an_error_page_tells_and_the_log_explains(
        self, flask_app: Flask, said: list[dict[str, Any]]
    ) -> None:
        def view() -> str:
            raise RuntimeError("no bread")

        flask_app.add_url_rule("/broken", "broken", view)

        answer = flask_app.test_client().get("/broken")

        name = answer.headers["X-Request-Id"]
        assert f"<strong>{name}</strong>" in answer.text
        broke = next(line for line in said if "error" in line)
        assert "RuntimeError: no bread" in broke["error"]
        assert (broke["request_id"], broke["path"]) == (name, "/broken")
        assert {line["request_id"] for line in said} == {name}

    def test_are_made_outside_of_requests_too(self) -> None:
        context.end()

        assert requests.name() != requests.name()


class TestLines:
    def test_tell_of_each_request(
        self, flask_app: Flask, world: World, said: list[dict[str, Any]]
    ) -> None:
        tenant = str(world.globex.uuid)
        world.db.commit()

        answer = flask_app.test_client().get(f"/t/{tenant}/plans?plan=team")

        (line,) = said
        assert line["message"].startswith(f"GET /t/{tenant}/plans 303 in ")
        assert (line["method"], line["path"], line["status"]) == ("GET", f"/t/{tenant}/plans", 303)
        assert line["tenant"] == tenant
        assert line["duration_ms"] >= 0
        assert line["request_id"] == answer.headers["X-Request-Id"]

    def test_name_the_app_whose_key_calls(
        self, flask_app: Flask, world: World, said: list[dict[str, Any]]
    ) -> None:
        _, key = api_keys.issue(world.db, world.app, "Shop", "read")
        app = str(world.app.uuid)
        world.db.commit()

        flask_app.test_client().get("/api/v2/checkout-sessions/x", auth=(app, key))

        assert [line.get("app") for line in said] == [app]

    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_leave_out_what_machines_ask_every_few_seconds(
        self, flask_app: Flask, said: list[dict[str, Any]], path: str
    ) -> None:
        flask_app.test_client().get(path)

        assert said == []

    @pytest.mark.parametrize(
        "path",
        [
            f"/link/{TOKEN}",
            f"/reset/{TOKEN}",
            f"/invitations/{TOKEN}",
            f"/return/{UUID}/{TOKEN}",
            f"/return/{UUID}/{TOKEN}/left",
            f"/hooks/mollie/{UUID}/{TOKEN}",
            f"/pay/{UUID}?secret={TOKEN}",
            f"/sign-in?next=/link/{TOKEN}",
            f"/whatever-comes-next/{TOKEN}/accept",
        ],
    )
    def test_show_no_secret_of_an_address(
        self, flask_app: Flask, world: World, said: list[dict[str, Any]], path: str
    ) -> None:
        world.db.commit()

        flask_app.test_client().get(path)
        flask_app.test_client().post(path)

        assert said
        assert TOKEN not in json.dumps(said)
        assert "?" not in json.dumps(said)

    def test_show_no_secret_of_any_address_there_is(self, flask_app: Flask) -> None:
        rules = [rule.rule for rule in flask_app.url_map.iter_rules()]
        unknown = [(rule, name) for rule in rules for name in re.findall(r"<(\w+)>", rule)]

        shown = {
            rule: requests._told(re.sub(r"<[^>]+>", UUID, rule.replace(f"<{name}>", TOKEN)))[0]
            for rule, name in unknown
            if not OPEN_NAMES.fullmatch(name)
        }

        assert len(shown) >= 4
        assert [rule for rule, path in shown.items() if TOKEN in path] == []

    def test_show_nothing_that_could_forge_another_line(
        self, flask_app: Flask, said: list[dict[str, Any]]
    ) -> None:
        flask_app.test_client().get("/a%0Ab%1B[31m/%E2%80%AE/" + "x" * 5000)

        (line,) = said
        assert line["path"].isprintable()
        assert len(line["path"]) <= 500


class TestJobs:
    def test_are_named_in_what_they_say(self, said: list[dict[str, Any]]) -> None:
        task = jobs.send_mails.s()

        jobs._begin(task)
        logging.getLogger("app.mails").warning("two mails wait")
        jobs._end(task, None, None)
        logging.getLogger("app.mails").warning("nobody asked")

        assert (said[0]["job_id"], said[0]["job"]) == (task.id, "send_mails")
        assert "job_id" not in said[1]
