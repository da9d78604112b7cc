"""The words are the contract's, the surface is stated, and nothing personal is in a repr."""

from __future__ import annotations

import pytest

import server.client
from server.client import Channel, Reason, Verdict, sms
from server.client.inbound import Message
from server.client.vocabulary import CONTRACT, number_of, word_of
from tests.client.things import PERSON, YES


@pytest.mark.parametrize("kind", CONTRACT)
def test_an_enum_has_the_words_of_the_contract(kind: type[Channel]) -> None:
    descriptor, prefix = CONTRACT[kind]
    theirs = {value.name.removeprefix(prefix) for value in descriptor.values} - {"UNSPECIFIED"}
    ours = {word.value for word in kind} - {"UNKNOWN", Reason.CHECK_FAILED.value}
    assert ours == theirs
    for value in descriptor.values:
        word = word_of(kind, value.number)
        assert number_of(word) == value.number


def test_a_number_that_is_not_known_is_unknown_and_never_a_verdict() -> None:
    assert word_of(Channel, 99) is Channel.UNKNOWN
    assert word_of(Verdict, 99) is None
    with pytest.raises(ValueError):
        number_of(Channel.UNKNOWN)


def test_the_surface_is_what_is_listed() -> None:
    public = {name for name in vars(server.client) if not name.startswith("_")}
    modules = {name for name in public if type(getattr(server.client, name)).__name__ == "module"}
    assert public - modules == set(server.client.__all__)


@pytest.mark.parametrize("thing", [PERSON, YES, Message("acme", sms("+16505551234"), "my body", "m-1")])
def test_no_repr_holds_personal_data(thing: object) -> None:
    assert not any(secret in repr(thing) for secret in ("650", "192.0.2.1", "my body", "example"))
