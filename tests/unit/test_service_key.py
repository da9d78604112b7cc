"""Reading, writing and using the service key."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.service_key import KEY_LENGTH, InvalidServiceKey, ServiceKey, ServiceKeys

SECRET = bytes(range(32))
TEXT = base64.b64encode(SECRET).decode()
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True)
SECRETS = st.binary(min_size=KEY_LENGTH, max_size=KEY_LENGTH)


@settings(max_examples=200, deadline=None)
@given(IDS, SECRETS)
def test_a_key_reads_as_it_was_written(key_id: str, secret: bytes) -> None:
    key = ServiceKey(key_id, secret)
    assert ServiceKey.parse(key.encode()) == key
    assert ServiceKey.parse(f"  {key.encode()}\n") == key


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(IDS, SECRETS), min_size=1, max_size=4, unique_by=lambda key: key[0]))
def test_keys_are_separated_by_commas_the_one_in_use_first(told: list[tuple[str, bytes]]) -> None:
    keys = [ServiceKey(key_id, secret) for key_id, secret in told]
    for comma in (",", ", "):
        found = ServiceKeys.parse(comma.join(key.encode() for key in keys))
        assert found == ServiceKeys(keys[0], tuple(keys[1:]))
        assert found.all == tuple(keys)


def test_new_keys_are_random_and_whole() -> None:
    keys = [ServiceKey.generate() for _ in range(50)]
    assert len({key.id for key in keys}) == len({key.secret for key in keys}) == 50
    assert {len(key.secret) for key in keys} == {KEY_LENGTH}
    assert all(ServiceKey.parse(key.encode()) == key for key in keys)


FORM = "ID:BASE64"
BAD = {
    "empty": ("", FORM),
    "no id": (f":{TEXT}", FORM),
    "a space in the id": (f"k 1:{TEXT}", FORM),
    "a long id": (f"{'k' * 33}:{TEXT}", FORM),
    "an id of other letters": (f"é:{TEXT}", FORM),
    "a bare key": (TEXT, FORM),
    "a key in front": (f"{TEXT}:k1", FORM),
    "no base64": ("k1:!!!!", "k1 is not base64"),
    "base64 of the other alphabet": (f"k1:{base64.urlsafe_b64encode(b'?>' * 16).decode()}", "k1 is not base64"),
    "base64 without its end": (f"k1:{TEXT[:-1]}", "k1 is not base64"),
    "letters beyond ASCII": (f"k1:é{TEXT}", "k1 is not base64"),
    "no key": ("k1:", "k1 has 0 bytes, not 32"),
    "no colon": ("k1", "k1 has 0 bytes, not 32"),
    "a short key": (f"k1:{base64.b64encode(SECRET[1:]).decode()}", "k1 has 31 bytes, not 32"),
    "a long key": (f"k1:{base64.b64encode(SECRET + b'x').decode()}", "k1 has 33 bytes, not 32"),
}


@pytest.mark.parametrize(("text", "told"), BAD.values(), ids=BAD.keys())
def test_what_is_no_key_is_told_without_the_key(text: str, told: str) -> None:
    for read in (ServiceKey.parse, ServiceKeys.parse):
        with pytest.raises(InvalidServiceKey, match=told) as refused:
            read(text)
        assert TEXT[:8] not in str(refused.value)


@pytest.mark.parametrize("text", [f"k1:{TEXT},", f",k1:{TEXT}", f"k1:{TEXT},k2:x", f"k1:{TEXT};k2:{TEXT}"])
def test_one_bad_key_in_a_list_is_refused(text: str) -> None:
    with pytest.raises(InvalidServiceKey):
        ServiceKeys.parse(text)


def test_two_keys_with_one_id_are_refused() -> None:
    with pytest.raises(InvalidServiceKey, match="k1"):
        ServiceKeys.parse(f"k1:{TEXT},k1:{base64.b64encode(bytes(32)).decode()}")


def test_a_key_hides_itself() -> None:
    keys = ServiceKeys(ServiceKey("k1", SECRET))
    for shown in (repr(keys), str(keys), repr(keys.current), f"{keys.all}"):
        assert "k1" in shown
        assert TEXT not in shown
        assert repr(SECRET) not in shown


def test_a_digest_is_the_hmac_of_label_zero_and_data() -> None:
    digest = ServiceKey("k1", SECRET).digest("credential", b"data")
    assert digest == hmac.new(SECRET, b"credential\0data", hashlib.sha256).digest()


@settings(max_examples=200, deadline=None)
@given(SECRETS, st.text("abc ", max_size=3), st.text("abc ", max_size=3), st.binary(max_size=3), st.binary(max_size=3))
def test_labels_and_data_never_mix(secret: bytes, one: str, other: str, data: bytes, more: bytes) -> None:
    key = ServiceKey("k1", secret)
    assert (key.digest(one, data) == key.digest(other, more)) == ((one, data) == (other, more))


def test_every_readable_key_is_asked_the_one_in_use_first() -> None:
    keys = ServiceKeys(ServiceKey("k2", bytes(32)), (ServiceKey("k1", SECRET),))
    assert keys.digests("label", b"x") == (keys.current.digest("label", b"x"), keys.older[0].digest("label", b"x"))
    assert len(set(keys.digests("label", b"x"))) == 2
