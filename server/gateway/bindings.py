"""The native JSON paths, as the google.api.http annotations of the contract state them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consent.v1.consent_service_pb2 import DESCRIPTOR
from google.api import annotations_pb2
from google.protobuf.descriptor import MethodDescriptor

PREFIX = "/v1"
"""What every native path begins with. The other annotated paths are the documented APIs'."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One path of one method. `has_body`: the body is the whole request, else the query is."""

    method: MethodDescriptor
    verb: str
    path: str
    has_body: bool


def list_bindings() -> tuple[Binding, ...]:
    """The native paths, in the order of the contract. Raises ValueError for a form of annotation that none has yet."""
    methods = DESCRIPTOR.services_by_name["ConsentService"].methods
    return tuple(binding for method in methods for binding in _bindings_of(method))


def _bindings_of(method: MethodDescriptor) -> Iterator[Binding]:
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    for annotation in (rule, *rule.additional_bindings):
        verb = annotation.WhichOneof("pattern") or ""
        path = getattr(annotation, verb, "")
        if not path.startswith(PREFIX + "/"):
            continue
        if "{" in path or annotation.body not in {"", "*"} or annotation.response_body:
            raise ValueError(f"the gateway cannot serve {method.name} at {path} as it is annotated")
        yield Binding(method, verb.upper(), path, has_body=annotation.body == "*")


BINDINGS = list_bindings()
