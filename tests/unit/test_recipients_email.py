"""Canonical e-mail addresses: one form whatever the case, and a clear refusal for the rest."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.model import Channel, Recipient
from server.domain.recipients import InvalidAddress, canonical, canonical_email

# Characters whose case is one to one; ß, İ and the sigmas have languages of their own.
SIMPLE = [
    c
    for c in map(chr, range(0x20, 0x2000))
    if len(c.lower()) == len(c.upper()) == 1 and c.upper().lower() == c.lower() and c not in "Σσς"
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ann.Lee@Example.COM", "ann.lee@example.com"),
        ("  ann@example.com\n", "ann@example.com"),
        ("ann+news@example.com", "ann+news@example.com"),
        ("ANN@BÜCHER.example.com", "ann@bücher.example.com"),
        ("ann@xn--bcher-kva.com", "ann@bücher.com"),
        ("ann@XN--BCHER-KVA.com", "ann@bücher.com"),
        ("a\u0308nn@example.com", "änn@example.com"),
        ("ÄNN@example.com", "änn@example.com"),
        ("ann@ｅxample.com", "ann@example.com"),
    ],
)
def test_email(text: str, found: str) -> None:
    assert canonical(Channel.EMAIL, text) == Recipient(Channel.EMAIL, found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ann",
        "ann@",
        "@example.com",
        "ann@example",
        "ann@@example.com",
        "ann@exa mple.com",
        "Ann <ann@example.com>",
        "ann@example.com, bob@example.com",
        "ann@[127.0.0.1]",
        '"a b"@example.com',
        ".ann@example.com",
        "ann@example..com",
        "ann@-example.com",
        "+14155552671",
        "ann\x00@example.com",
        "ann@localhost",
    ],
)
def test_no_email(text: str) -> None:
    with pytest.raises(InvalidAddress, match="not an e-mail address"):
        canonical(Channel.EMAIL, text)


@settings(max_examples=500, deadline=None)
@given(st.text(SIMPLE, min_size=1, max_size=8), st.text(SIMPLE, min_size=1, max_size=8))
def test_an_email_is_compared_without_case_and_is_a_fixed_point(local: str, domain: str) -> None:
    found = set()
    for fold in (str, str.upper, str.lower, str.title, str.swapcase):
        try:
            found.add(canonical_email(fold(f"{local}@{domain}.com")))
        except InvalidAddress:
            continue
    assert len(found) <= 1
    assert {canonical_email(address) for address in found} == found


@settings(max_examples=300, deadline=None)
@given(st.emails())
def test_an_email_is_a_fixed_point_whatever_its_form(text: str) -> None:
    try:
        found = canonical_email(text)
    except InvalidAddress:
        return
    assert canonical_email(found) == found == canonical_email(found.upper())
