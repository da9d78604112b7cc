"""What pages quote from the code is what the code says today: errors, metrics, torture."""

from __future__ import annotations

import re

from consent.v1.error_reason_pb2 import ErrorReason

from server.metrics.families import FAMILIES
from tests.docs import metrics_table, torture_list
from tests.docs.errors import FILE, write_page
from tests.docs.pages import Page
from tests.docs.remedies import REMEDIES


def test_every_reason_has_a_remedy_and_no_other() -> None:
    assert set(REMEDIES) == {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()[1:]}


def test_the_page_of_errors_is_fresh() -> None:
    assert FILE.read_text(encoding="utf-8") == write_page(), "run `make generate`"


def test_the_table_of_metrics_is_fresh() -> None:
    text = metrics_table.FILE.read_text(encoding="utf-8")
    assert metrics_table.with_table(text) == text, "run `make generate`"


def test_the_promises_under_torture_are_fresh() -> None:
    text = torture_list.FILE.read_text(encoding="utf-8")
    assert torture_list.with_list(text) == text, "run `make generate`"


def test_alerts_name_metrics_that_there_are() -> None:
    block = next(block for block in Page(metrics_table.FILE).blocks if "consent_serving" in block.text)
    named = set(re.findall(r"\b((?:consent|process)_[a-z_]+)\b", block.text))
    told = {name for family in FAMILIES for name in (family.name, f"{family.name}_total", f"{family.name}_bucket")}
    assert named - told == set()
