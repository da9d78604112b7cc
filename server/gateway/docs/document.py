"""The OpenAPI 3.1 document of every JSON path, from what the APIs and their operations say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from server.gateway.calls import Occasion
from server.gateway.credentials import CredentialHeader
from server.gateway.docs.doc import Doc, Maybe, Parameter
from server.gateway.docs.schemas import Schema, Schemas
from server.gateway.errors import FaultKind, refusal
from server.gateway.vendor import Operation, Vendor
from server.version import VERSION

_ABOUT = (
    "May we send this to this person, on this channel, for this purpose, now? Every failure is answered in the "
    "envelope of the API that its path belongs to. Every answer carries `x-request-id`; send your own to find a call "
    "again. Bodies are JSON, plain or gzip, of at most 1 MiB where the operator has set nothing else."
)
_REQUEST_ID = "5d0f7c1e-6f0b-4c33-9a55-0d3c5b7f2a10"


def describe(vendors: Iterable[Vendor]) -> dict[str, Any]:
    """The document. A path that means the same as another names that operation under `x-same-as`."""
    chapters = [Chapter(vendor) for vendor in vendors]
    components: dict[str, Any] = {"schemas": {}, "responses": {}, "securitySchemes": {}}
    paths: dict[str, Any] = {}
    for chapter in chapters:
        chapter.write(paths, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Consent service", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [chapter.tag for chapter in chapters],
        "paths": paths,
        "components": components,
    }


class Chapter:
    """What the document says of one API."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self._manual = vendor.manual
        self.tag = {"name": vendor.name, "description": vendor.manual.about}

    def write(self, paths: dict[str, Any], components: dict[str, Any]) -> None:
        """Adds the API's paths, and the components that they refer to."""
        schemas: dict[str, Schema] = components["schemas"]
        self._asked = Schemas(self._manual.style, schemas, asked=True)
        self._answered = Schemas(self._manual.style, schemas, asked=False)
        for header in self._vendor.credentials:
            components["securitySchemes"][_scheme_name(header)] = _scheme(header)
        self._failed = f"{self._manual.style.mark}Failure"
        components["responses"][self._failed] = self._failure()
        for operation in self._vendor.operations:
            if operation.doc is not None:
                # Before anything that is asked: an answer's schemas have the plain names.
                self._answered.of(operation.doc.answer)
        for operation in self._vendor.operations:
            if operation.doc is not None:
                self._write_operation(paths, operation, operation.doc)

    def _write_operation(self, paths: dict[str, Any], operation: Operation, doc: Doc) -> None:
        for base in self._vendor.bases:
            first = base == self._vendor.bases[0]
            alias = {} if first else {"x-same-as": doc.name}
            name = doc.name if first else f"{doc.name}_{re.sub(r'[^a-z0-9]+', '_', base.strip('/')) or 'bare'}"
            told = {"operationId": name, **alias, **self._operation(operation, doc)}
            paths.setdefault(base + operation.path, {})[operation.method.lower()] = told

    def _operation(self, operation: Operation, doc: Doc) -> dict[str, Any]:
        in_path = re.findall(r"{(\w+)}", operation.path)
        told: dict[str, Any] = {"tags": [self._vendor.name], "summary": doc.title}
        if doc.about:
            told["description"] = doc.about
        told["security"] = [{_scheme_name(header): []} for header in self._vendor.credentials]
        parameters = [self._parameter("path", name, self._manual.values[name]) for name in in_path]
        parameters += [self._parameter("query", name, parameter) for name, parameter in doc.query.items()]
        if parameters:
            told["parameters"] = parameters
        if operation.has_body:
            content = {"schema": self._asked.body(doc.body, in_path), "example": doc.body_sample}
            told["requestBody"] = {"required": True, "content": {"application/json": content}}
        told["responses"] = self._responses(doc)
        return told

    def _parameter(self, place: str, name: str, parameter: Parameter) -> dict[str, Any]:
        told = {
            "name": name,
            "in": place,
            "required": place == "path" or not isinstance(parameter.shape, Maybe),
            "description": parameter.about,
            "schema": self._asked.of(parameter.shape),
        }
        return {**told, "example": parameter.example} if parameter.example else told

    def _responses(self, doc: Doc) -> dict[str, Any]:
        content = {"schema": self._answered.of(doc.answer), "example": doc.sample}
        answered = {"200": {"description": "Done.", "content": {"application/json": content}}}
        failures = {**self._manual.failures, **doc.failures}
        refers = {"$ref": f"#/components/responses/{self._failed}"}
        return answered | {str(status): {**refers, "description": failures[status]} for status in sorted(failures)}

    def _failure(self) -> dict[str, Any]:
        """The envelope, with a failure as the API really prints it."""
        occasion = Occasion(_REQUEST_ID, "GET", self._vendor.prefixes[0])
        printed = self._vendor.render(refusal(FaultKind.MISSING_CREDENTIALS).fault, occasion).body
        sample = self._manual.failure_sample or printed
        content = {"schema": self._answered.of(self._manual.envelope), "example": sample}
        return {
            "description": f"A failure, as {self._vendor.name} tells it.",
            "content": {"application/json": content},
        }


def _scheme_name(header: CredentialHeader) -> str:
    return header.scheme.lower() or header.name


def _scheme(header: CredentialHeader) -> dict[str, str]:
    if header.scheme:
        return {"type": "http", "scheme": header.scheme.lower()}
    return {"type": "apiKey", "in": "header", "name": header.name}
