"""The contract's comments, which generated code does not have, for the OpenAPI document to quote.

python -m tests.wire.comments    writes server/gateway/docs/comments.json anew
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

ROOT = Path(__file__).parents[2]
FILE = ROOT / "server/gateway/docs/comments.json"
CONTRACT = "consent/v1/consent_service.proto"


def read_comments(contract: str = CONTRACT) -> dict[str, str]:
    """The comment of each message, field, enum and value of a file and of those that it needs, by full name."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image"
        includes = [
            f"-I{path}"
            for path in (
                ROOT / "protos",
                Path(annotations_pb2.__file__).parents[2],
                Path(protoc.__file__).parent / "_proto",
            )
        ]
        flags = ["--include_imports", "--include_source_info", f"--descriptor_set_out={image}"]
        if protoc.main(["protoc", *includes, *flags, contract]) != 0:
            raise RuntimeError("protoc failed")
        files = FileDescriptorSet.FromString(image.read_bytes()).file
    return {name: text for file in files if file.package == "consent.v1" for name, text in _comments(file)}


def _comments(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    for location in file.source_code_info.location:
        if location.leading_comments:
            name = _name(file, list(location.path))
            paragraphs = location.leading_comments.strip().split("\n\n")
            if name:
                yield name, "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _name(file: FileDescriptorProto, path: list[int]) -> str:
    """What a path into the file leads to; empty for what is no message, field, enum or value, such as a method."""
    names, place = [file.package], file
    for number, index in zip(path[::2], path[1::2], strict=False):
        field = place.DESCRIPTOR.fields_by_number[number].name
        if field not in {"message_type", "enum_type", "field", "value", "oneof_decl"}:
            return ""
        place = getattr(place, field)[index]
        names.append(place.name)
    return ".".join(names)


def print_comments(comments: dict[str, Any]) -> str:
    """The file's text."""
    return json.dumps(comments, indent=0, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(print_comments(read_comments()), encoding="utf-8")
