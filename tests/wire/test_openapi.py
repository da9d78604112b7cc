"""The OpenAPI document and the page: complete, valid, and true of what the gateway really does."""

from __future__ import annotations

import shlex
from html.parser import HTMLParser

import httpx
import pytest
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.gateway.app import VENDORS
from server.gateway.bindings import BINDINGS
from server.gateway.docs.curl import write_curl
from server.gateway.docs.document import describe
from tests.wire import samples
from tests.wire.bounds import FILE as BOUNDS
from tests.wire.bounds import print_bounds
from tests.wire.comments import FILE, print_comments, read_comments
from tests.wire.script import Script

DOCUMENT: samples.Json = describe(VENDORS)
OPERATIONS = [(method, path, told) for path, methods in DOCUMENT["paths"].items() for method, told in methods.items()]
each = pytest.mark.parametrize(
    ("method", "path", "told"), OPERATIONS, ids=[told["operationId"] for *_, told in OPERATIONS]
)


def check(schema: samples.Json, value: samples.Json) -> None:
    OAS31Validator({**schema, "components": DOCUMENT["components"]}).validate(value)


def content(told: samples.Json) -> samples.Json:
    return told["content"]["application/json"]


# --- the document -------------------------------------------------------------------------------------------------


def test_it_is_served_to_everybody(http: httpx.Client) -> None:
    answer = http.get("/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == DOCUMENT
    assert answer.headers["x-request-id"] == samples.REQUEST_ID


def test_it_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_it_has_every_route_and_nothing_else() -> None:
    routes = {
        (operation.method.lower(), base + operation.path)
        for vendor in VENDORS
        for operation in vendor.operations
        for base in vendor.bases
        if operation.path not in {"/openapi.json", "/docs"}
    }
    assert {(method, path) for method, path, _ in OPERATIONS} == routes
    assert len(routes) == 38


def test_names_are_unique_and_aliases_lead_to_one() -> None:
    names = [told["operationId"] for *_, told in OPERATIONS]
    assert len(set(names)) == len(names)
    assert {told["x-same-as"] for *_, told in OPERATIONS if "x-same-as" in told} <= set(names)


def test_each_api_has_its_credentials() -> None:
    security = {told["tags"][0]: [name for one in told["security"] for name in one] for *_, told in OPERATIONS}
    assert security == {
        "Consent": ["bearer", "basic", "x-api-key", "xx-relay-api-key", "x-relay-api-key"],
        "myKaarma": ["basic"],
        "Relay Network": ["xx-relay-api-key", "x-relay-api-key"],
        "Telnyx": ["bearer"],
        "Hi Marley": ["x-api-key", "bearer"],
        "Health": [],
    }
    assert set(DOCUMENT["components"]["securitySchemes"]) == {name for names in security.values() for name in names}


def test_the_shipped_comments_are_the_contracts() -> None:
    assert FILE.read_text(encoding="utf-8") == print_comments(read_comments()), "run: python -m tests.wire.comments"


def test_the_shipped_bounds_are_the_servers() -> None:
    assert BOUNDS.read_text(encoding="utf-8") == print_bounds(), "run: python -m tests.wire.bounds"


@pytest.mark.parametrize(
    ("name", "field", "schema"),
    [
        ("RecipientInput", "address", {"type": "string", "minLength": 1, "maxLength": 320}),
        ("Recipient", "address", {"type": "string"}),
        ("CheckConsentRequest", "replyPermit", {"type": ["string", "null"], "maxLength": 2048}),
        (
            "CheckConsentRequest",
            "purposes",
            {
                "type": "array",
                "minItems": 1,
                "maxItems": 20,
                "items": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": r"[^\s\u001c-\u001f\u0085]"},
            },
        ),
        (
            "RecipientInput",
            "channel",
            {
                "anyOf": [{"$ref": "#/components/schemas/Channel"}, {"type": "integer", "enum": [1, 2, 3, 4, 5]}],
                "not": {"const": "CHANNEL_UNSPECIFIED"},
            },
        ),
    ],
)
def test_what_is_asked_keeps_to_bounds(name: str, field: str, schema: samples.Json) -> None:
    told = DOCUMENT["components"]["schemas"][name]["properties"][field]
    assert {key: value for key, value in told.items() if key != "description"} == schema


def test_native_requests_have_no_other_fields() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["CheckConsentRequest"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["CheckConsentResponse"]
    assert "additionalProperties" not in schemas["MyKaarma.CommunicationAttributesInput"]


def test_every_field_is_told_of() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["description"], name
        for field, member in schema.get("properties", {}).items():
            assert member["description"], f"{name}.{field}"


@pytest.mark.parametrize(
    ("name", "field", "schema"),
    [
        ("CheckConsentResponse", "revision", {"type": "string", "format": "int64"}),
        ("Telnyx.PaginationMeta", "total_pages", {"type": "integer", "format": "int32"}),
        ("ConsentEvent", "hash", {"type": "string", "contentEncoding": "base64"}),
        ("MyKaarma.CommunicationAttributes", "customerUUID", {"type": "string"}),
        ("Relay.ChannelConsent", "created_at", {"type": "string", "format": "date-time"}),
        ("Telnyx.AutoResponse", "op", {"$ref": "#/components/schemas/Telnyx.AutoResponseOp"}),
        ("Consent", "suspected", {"type": "boolean"}),
    ],
)
def test_types(name: str, field: str, schema: samples.Json) -> None:
    told = DOCUMENT["components"]["schemas"][name]["properties"][field]
    assert {key: value for key, value in told.items() if key != "description"} == schema


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Verdict", ["VERDICT_UNSPECIFIED", "VERDICT_ALLOW", "VERDICT_DENY"]),
        ("Telnyx.AutoResponseOp", ["start", "stop", "info"]),
        ("Relay.ConsentType", ["written", "express", "stop"]),
        ("MyKaarma.OptOutState", ["OPTED_IN", "OPTED_OUT"]),
    ],
)
def test_words(name: str, words: list[str]) -> None:
    assert DOCUMENT["components"]["schemas"][name]["enum"] == words


def test_required_is_what_must_be_sent_and_what_is_always_printed() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["CheckConsentRequest"]["required"] == ["sender", "recipient", "purposes"]
    assert schemas["CheckConsentResponse"]["required"] == ["decisions", "revision"]
    assert "required" not in schemas["Evidence"]
    body = content(DOCUMENT["paths"]["/messaging_profiles/{profile_id}/autoresp_configs"]["post"]["requestBody"])
    assert body["schema"]["required"] == ["country_code", "keywords", "op"]
    assert list(body["schema"]["properties"]) == ["country_code", "keywords", "op", "resp_text"]


@each
def test_examples_are_of_their_schemas(method: str, path: str, told: samples.Json) -> None:
    for shown in (told.get("requestBody"), told["responses"]["200"]):
        if shown:
            check(content(shown)["schema"], content(shown)["example"])
    for response in told["responses"].values():
        if "$ref" in response:
            failure = content(DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]])
            check(failure["schema"], failure["example"])


def read_curl(command: str) -> tuple[str, str, dict[str, str], str | None]:
    """The method, address, headers and body of a command, with the shell's variables filled in."""
    for name, value in {"BASE": "", "KEY": "wire-key", "LOGIN": "wire:secret"}.items():
        command = command.replace(f"${name}", value)
    program, *words = shlex.split(command.replace("\\\n", " "))
    assert program == "curl"
    method, address, headers, body = "GET", "", {}, None
    for word in (rest := iter(words)):
        match word:
            case "-X":
                method = next(rest)
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "-u":
                assert next(rest) == "wire:secret"
                headers["Authorization"] = "Basic d2lyZTpzZWNyZXQ="
            case "-d":
                body = next(rest)
            case _:
                assert not address
                address = word
    return method, address, headers, body


@each
def test_the_example_calls_are_understood(
    http: httpx.Client, script: Script, method: str, path: str, told: samples.Json
) -> None:
    verb, address, headers, body = read_curl(write_curl(method.upper(), path, told))
    answer = http.request(verb, address, headers=headers, content=body)
    assert verb == method.upper()
    if told["tags"] == ["Health"]:
        assert answer.json() == content(told["responses"]["200"])["example"]
    else:
        # An empty answer of the scripted server cannot be printed everywhere; what matters is that it was asked.
        assert answer.status_code in {200, 500}
        assert len(script.asked) == 1


@pytest.mark.parametrize("binding", BINDINGS, ids=lambda binding: binding.method.name)
def test_native_examples_are_answered_to_the_letter(http: httpx.Client, script: Script, binding: samples.Json) -> None:
    told = DOCUMENT["paths"][binding.path][binding.verb.lower()]
    sample = content(told["responses"]["200"])["example"]
    script.answer = json_format.ParseDict(sample, GetMessageClass(binding.method.output_type)())
    verb, address, headers, body = read_curl(write_curl(binding.verb, binding.path, told))
    answer = http.request(verb, address, headers=headers, content=body)
    assert (answer.status_code, answer.json()) == (200, sample)


@pytest.mark.parametrize(
    ("method", "path", "sample"),
    [
        ("post", "/department/{department_uuid}/optoutstatus", samples.MYKAARMA_ANSWER),
        (
            "put",
            "/messaging/client/{client_id}/consent/channel_addr/{channel_addr}/channel_type/{channel_type}",
            samples.RELAY_ANSWER,
        ),
        ("get", "/v2/messaging_profiles/{profile_id}/autoresp_configs", samples.TELNYX_LIST),
        ("post", "/messaging_profiles/{profile_id}/autoresp_configs", samples.TELNYX_ANSWER),
        ("delete", "/messaging_profiles/{profile_id}/autoresp_configs/{autoresp_cfg_id}", None),
        ("put", "/api/user/actions/optout/email/{email}", samples.HIMARLEY_ANSWER),
    ],
)
def test_the_vendors_own_samples_are_of_the_schemas(method: str, path: str, sample: samples.Json) -> None:
    check(content(DOCUMENT["paths"][path][method]["responses"]["200"])["schema"], sample)


# --- the page -----------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page holds: ids, links, and what it would load or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert name not in {"src", "srcset", "style"}
            assert not name.startswith("on")
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page(http: httpx.Client) -> Page:
    return Page(http.get("/docs").text)


def test_the_page_is_html_that_can_load_nothing(http: httpx.Client) -> None:
    answer = http.get("/docs/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")
    assert answer.text.startswith("<!doctype html>")
    assert "prefers-color-scheme:dark" in answer.text
    assert "url(" not in answer.text
    assert "@import" not in answer.text


def test_the_page_needs_nothing_from_elsewhere(page: Page) -> None:
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert [link for link in page.links if not link.startswith("#")] == ["/openapi.json"]


def test_each_link_of_the_page_leads_somewhere(page: Page) -> None:
    assert len(set(page.ids)) == len(page.ids)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_the_page_tells_of_every_path_with_an_example(page: Page) -> None:
    for method, path, told in OPERATIONS:
        assert path in page.text
        assert told["summary"] in page.text
        if "x-same-as" not in told:
            assert write_curl(method.upper(), path, told) in page.text


def test_the_page_is_the_houses_only_at_its_path(http: httpx.Client) -> None:
    assert http.post("/docs").status_code == 405
    assert http.get("/docs/more").status_code == 404
    assert http.head("/openapi.json").content == b""
