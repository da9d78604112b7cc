"""docs/errors.md is what the contract and the doors say today."""

from __future__ import annotations

from consent.v1.error_reason_pb2 import ErrorReason

from tests.docs.errors import FILE, write_page
from tests.docs.remedies import REMEDIES


def test_every_reason_has_a_remedy_and_no_other() -> None:
    assert set(REMEDIES) == {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()[1:]}


def test_the_page_is_fresh() -> None:
    assert FILE.read_text(encoding="utf-8") == write_page(), "run `make generate`"
