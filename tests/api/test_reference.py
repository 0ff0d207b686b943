"""The reference of the APIs: what programs read and what people read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from app.api import dialects
from tests.cast import World
from tests.pages import Visitor

Json = dict[str, Any]
# A rule whose converter is given the path it stands for.
CONVERTED = re.compile(r"<\w+\(\"([^\"]+)\"\):\w+>")
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def document(flask_app: Flask) -> Json:
    """Answer what /openapi.json says."""
    answer = flask_app.test_client().get("/openapi.json")
    assert answer.status_code == 200
    found: Json = answer.get_json()
    return found


def operations(document: Json) -> list[tuple[str, str, Json]]:
    """Answer (verb, path, operation) of each."""
    return [
        (verb.upper(), path, operation)
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
    ]


class TestDocument:
    def test_is_openapi_3_1(self, document: Json) -> None:
        assert document["openapi"] == "3.1.0"
        assert document["servers"] == [{"url": "http://127.0.0.1:9"}]

    def test_tells_of_every_route_of_the_dialects_and_of_no_other(
        self, flask_app: Flask, document: Json
    ) -> None:
        spoken = flask_app.extensions["dialects"]
        served = {
            (verb, dialects.shape_of(CONVERTED.sub(r"\1", rule.rule)))
            for rule in flask_app.url_map.iter_rules()
            for verb in rule.methods or ()
            if verb in VERBS and dialects.owner(spoken, CONVERTED.sub(r"\1", rule.rule)) is not None
        }

        told = {(verb, dialects.shape_of(path)) for verb, path, _ in operations(document)}

        assert told == served

    def test_gives_each_operation_a_name_of_its_own(self, document: Json) -> None:
        names = [operation["operationId"] for _, _, operation in operations(document)]

        assert len(set(names)) == len(names)

    def test_gives_examples_that_fit_their_schemas(self, document: Json) -> None:
        for verb, path, operation in operations(document):
            for place, content in contents(operation):
                if "example" in content and content["schema"]:
                    errors = list(
                        validator(document, content["schema"]).iter_errors(content["example"])
                    )
                    assert errors == [], f"{verb} {path} {place}: {errors[0].message}"

    def test_says_what_every_operation_answers_when_it_goes_wrong(self, document: Json) -> None:
        for verb, path, operation in operations(document):
            missing = {"200", "429"} - set(operation["responses"]) - {"201", "204"}
            assert missing <= {"200"}, f"{verb} {path}"

    @pytest.mark.parametrize("word", ["createdCheckoutSession", "Idempotency-Key", "3.1.0"])
    def test_holds(self, flask_app: Flask, word: str) -> None:
        assert word in flask_app.test_client().get("/openapi.json").text


class TestPage:
    def test_shows_every_operation_and_asks_no_other_host(
        self, flask_app: Flask, world: World, document: Json
    ) -> None:
        page = Visitor(flask_app).opens("/docs")

        assert page.status == 200
        text = page.words()
        for _, path, operation in operations(document):
            assert path in text
            assert operation["summary"] in text
        loaded = re.findall(r'(?:src|href)="(https?:[^"]+)"', page.text)
        assert loaded == []


def contents(operation: Json) -> list[tuple[str, Json]]:
    """Answer (place, content) of the body and of every answer."""
    body = [("body", operation["requestBody"])] if "requestBody" in operation else []
    places = [*body, *operation["responses"].items()]
    return [
        (f"{place} {kind}", content)
        for place, described in places
        for kind, content in described.get("content", {}).items()
    ]


def validator(document: Json, schema: Json) -> Draft202012Validator:
    """Answer a validator for a schema of the document."""
    resource = DRAFT202012.create_resource(document)
    registry: Registry[Any] = Registry().with_resource("urn:document", resource)
    placed = {"$ref": f"urn:document{schema['$ref']}"} if "$ref" in schema else schema
    return Draft202012Validator(placed, registry=registry)
