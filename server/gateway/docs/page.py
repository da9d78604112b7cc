"""The OpenAPI document as one page to read: plain HTML, its style inside, nothing to fetch, nothing to run."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any, TypeAlias

from server.gateway.docs.curl import write_curl
from server.gateway.docs.markup import anchor, mark_up

Told: TypeAlias = dict[str, Any]

PAGE_HEADERS = {
    # The page is all its own: whatever would slip into it could load and run nothing.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
}
_STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def render_page(document: Told) -> bytes:
    """The page, in UTF-8."""
    info = document["info"]
    chapters = [(tag, _operations(document, tag["name"])) for tag in document["tags"]]
    title = escape(info["title"])
    contents = "".join(_contents(tag, operations) for tag, operations in chapters)
    body = "".join(_chapter(document, tag, operations) for tag, operations in chapters)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        f'<nav><a class=home href="#top">{title}</a>{contents}<h2><a href="#schemas">Schemas</a></h2></nav>'
        f"<main id=top><h1>{title}</h1>{mark_up(info['description'])}"
        '<p>The same for machines: <a href="/openapi.json">/openapi.json</a>, OpenAPI 3.1. The examples run in a shell '
        "once it knows where the service is and who you are:</p>"
        "<pre><code>BASE=http://localhost:8080\nKEY=your-api-key\nLOGIN=user:password</code></pre>"
        f"{body}{_schemas(document)}</main></body></html>"
    ).encode()


def _operations(document: Told, tag: str) -> list[tuple[str, str, Told]]:
    """The operations of an API as (method, path, what is told), without those that are the same at another path."""
    return [
        (method.upper(), path, told)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
        if tag in told["tags"] and "x-same-as" not in told
    ]


def _contents(tag: Told, operations: list[tuple[str, str, Told]]) -> str:
    items = "".join(
        f'<li><a href="#{anchor("operation", told["operationId"])}">{_badge(method)} {escape(told["summary"])}</a>'
        for method, _, told in operations
    )
    return f'<h2><a href="#{anchor("api", tag["name"])}">{escape(tag["name"])}</a></h2><ul>{items}</ul>'


def _badge(method: str) -> str:
    return f'<b class="{method.lower()}">{method}</b>'


def _chapter(document: Told, tag: Told, operations: list[tuple[str, str, Told]]) -> str:
    parts = "".join(_operation(document, *operation) for operation in operations)
    name = escape(tag["name"])
    return f'<section><h2 id="{anchor("api", tag["name"])}">{name}</h2>{mark_up(tag["description"])}{parts}</section>'


def _operation(document: Told, method: str, path: str, told: Told) -> str:
    answers = told["responses"]
    return (
        f'<article id="{anchor("operation", told["operationId"])}"><h3>{escape(told["summary"])}</h3>'
        f"<p class=path>{_badge(method)} <code>{_path(path)}</code>{_aliases(document, told)}</p>"
        f"{mark_up(told.get('description', ''))}{_security(told)}{_parameters(told)}{_body(document, told)}"
        f"<h4>Example</h4><pre><code>{escape(write_curl(method, path, told))}</code></pre>"
        f"<h4>Answer</h4>{_json(_content(answers['200'])['example'])}{_failures(document, answers)}</article>"
    )


def _path(path: str) -> str:
    """The path, which may break after each slash."""
    return escape(path).replace("/", "/<wbr>").replace("{", "<i>{").replace("}", "}</i>")


def _aliases(document: Told, told: Told) -> str:
    paths = [
        path
        for path, methods in document["paths"].items()
        if any(other.get("x-same-as") == told["operationId"] for other in methods.values())
    ]
    return "".join(f"<br>also <code>{_path(path)}</code>" for path in paths)


def _security(told: Told) -> str:
    names = [f"<code>{escape(name)}</code>" for choice in told["security"] for name in choice]
    return f"<p>Credential: {' or '.join(names)}</p>" if names else ""


def _parameters(told: Told) -> str:
    rows = "".join(
        _row(one["name"], one["schema"], one["required"], f"{one['in']}: {one['description']}")
        for one in told.get("parameters", [])
    )
    return f"<h4>Parameters</h4><table>{rows}</table>" if rows else ""


def _body(document: Told, told: Told) -> str:
    if "requestBody" not in told:
        return ""
    schema = _content(told["requestBody"])["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return f"<h4>Body</h4>{_members(schema)}"


def _content(told: Told) -> Told:
    content: Told = told["content"]["application/json"]
    return content


def _members(schema: Told) -> str:
    needed = schema.get("required", [])
    rows = "".join(
        _row(name, member, name in needed, member.get("description", ""))
        for name, member in schema["properties"].items()
    )
    return f"<table>{rows}</table>"


def _row(name: str, schema: Told, needed: bool, about: str) -> str:
    star = "<em title=required>*</em>" if needed else ""
    return f"<tr><td><code>{escape(name)}</code>{star}<td>{_type(schema)}<td>{mark_up(about)}</tr>"


def _type(schema: Told) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{anchor("schema", name)}">{escape(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(choice) for choice in schema["anyOf"])
    if isinstance(schema["type"], list):
        return _type({**schema, "type": schema["type"][0]})
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    if schema["type"] == "object":
        inner = ", ".join(f"{escape(name)}: {_type(member)}" for name, member in schema["properties"].items())
        return f"{{{inner}}}"
    return escape(str(schema.get("format") or schema.get("contentEncoding") or schema["type"]))


def _json(value: object) -> str:
    return f"<pre><code>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</code></pre>"


def _failures(document: Told, answers: Told) -> str:
    failed = {status: told for status, told in answers.items() if status != "200"}
    if not failed:
        return ""
    rows = "".join(f"<tr><td>{status}<td>{mark_up(told['description'])}</tr>" for status, told in failed.items())
    name = next(iter(failed.values()))["$ref"].rpartition("/")[2]
    sample = _content(document["components"]["responses"][name])["example"]
    return f"<details><summary>When it is not 200</summary><table>{rows}</table>{_json(sample)}</details>"


def _schemas(document: Told) -> str:
    parts = "".join(
        f'<article id="{anchor("schema", name)}"><h3>{escape(name)}</h3>{mark_up(schema.get("description", ""))}'
        f"{_members(schema) if 'properties' in schema else ''}</article>"
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    return f"<section><h2 id=schemas>Schemas</h2>{parts}</section>"
