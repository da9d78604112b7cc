"""Credentials, their secrets and their user names, which are unique over all tenants."""

from __future__ import annotations

import pytest

from server.domain.errors import AlreadyExists, NotFound
from server.domain.model import Credential, Role, Tenant
from server.storage.protocol import Storage, Transaction
from tests.conformance.things import assert_whole_chain, credential, entry


def _with_secret(
    storage: Storage, tenant: Tenant, name: str, digest: bytes | None = None, **changed: object
) -> Credential:
    made = credential(tenant.id, name, **changed)

    def work(tx: Transaction) -> None:
        tx.put_credential(made)
        if digest is not None:
            tx.add_secret(name, digest, None)

    storage.write(tenant.id, work)
    return made


def test_a_credential_comes_back_with_every_field(storage: Storage, tenant: Tenant) -> None:
    wide = _with_secret(storage, tenant, "k1", b"1", basic_user="Ann")
    bare = Credential("k2", tenant.id, Role.ADMIN, frozenset(), None, False, None, 11)
    storage.write(tenant.id, lambda tx: tx.put_credential(bare))
    with storage.read(tenant.id) as snapshot:
        assert snapshot.credential("k1") == wide
        assert snapshot.credential("k2") == bare
        assert list(snapshot.credentials("", 9)) == [wide, bare]
    assert storage.find_by_key([b"1"], 0) == wide


def test_revoked_and_expired_ones_are_still_listed_and_found(storage: Storage, tenant: Tenant) -> None:
    """Whether one may be used is judged elsewhere, the same for keys and passwords."""
    made = _with_secret(storage, tenant, "k1", b"1", basic_user="ann", expire_time=1, revoke_time=1)
    assert storage.find_by_key([b"1"], 50) == made
    login = storage.find_by_user("ann")
    assert login is not None
    assert login.credential == made
    with storage.read(tenant.id) as snapshot:
        assert snapshot.credentials("", 9) == [made]


def test_a_key_is_found_under_any_of_its_digests_until_it_ends(storage: Storage, tenant: Tenant, other: Tenant) -> None:
    first = _with_secret(storage, tenant, "k1", b"one")
    second = _with_secret(storage, other, "k2", b"two")
    assert storage.find_by_key([b"none", b"one"], 100) == first
    assert storage.find_by_key([b"two", b"none"], 100) == second
    storage.write(tenant.id, lambda tx: tx.end_secrets("k1", 100))
    assert storage.find_by_key([b"one"], 99) == first
    assert storage.find_by_key([b"one"], 100) is None
    assert storage.find_by_key([b"one"], 101) is None
    assert storage.find_by_key([b"two"], 10**18) == second


def test_ending_secrets_shortens_lives_and_never_lengthens_them(storage: Storage, tenant: Tenant) -> None:
    made = _with_secret(storage, tenant, "k1", b"one")
    storage.write(tenant.id, lambda tx: tx.end_secrets("k1", 100))
    storage.write(tenant.id, lambda tx: tx.add_secret("k1", b"two", None))
    storage.write(tenant.id, lambda tx: tx.end_secrets("k1", 200))
    assert storage.find_by_key([b"one"], 150) is None
    assert storage.find_by_key([b"two"], 150) == made
    assert storage.find_by_key([b"two"], 200) is None


def test_secrets_end_for_one_credential_alone(storage: Storage, tenant: Tenant) -> None:
    _with_secret(storage, tenant, "k1", b"one")
    second = _with_secret(storage, tenant, "k2", b"two")
    storage.write(tenant.id, lambda tx: tx.end_secrets("k1", 1))
    assert storage.find_by_key([b"two"], 5) == second


def test_a_login_has_every_password_with_its_end(storage: Storage, tenant: Tenant) -> None:
    made = _with_secret(storage, tenant, "k1", b"a key", basic_user="ann")
    storage.write(tenant.id, lambda tx: tx.add_secret("k1", None, "hash 1"))
    storage.write(tenant.id, lambda tx: tx.end_secrets("k1", 100))
    storage.write(tenant.id, lambda tx: tx.add_secret("k1", None, "hash 2"))
    login = storage.find_by_user("ann")
    assert login is not None
    assert login.credential == made
    assert set(login.password_hashes) == {("hash 1", 100), ("hash 2", None)}


def test_a_user_name_belongs_to_one_credential_of_one_tenant(storage: Storage, tenant: Tenant, other: Tenant) -> None:
    made = _with_secret(storage, tenant, "k1", basic_user="ann")
    for thief in (tenant, other):
        with pytest.raises(AlreadyExists) as refused:
            _with_secret(storage, thief, "k2", basic_user="ann")
        assert refused.value.reason == "CREDENTIAL_ALREADY_EXISTS"
        assert "ann" not in str(refused.value)
    login = storage.find_by_user("ann")
    assert login is not None
    assert login.credential == made
    _with_secret(storage, tenant, "k1", basic_user="ann", role=Role.READER)
    _with_secret(storage, other, "k2", basic_user="Ann")
    _with_secret(storage, other, "k3")
    _with_secret(storage, other, "k4")


def test_a_key_is_registered_once_in_all_tenants_for_ever(storage: Storage, tenant: Tenant, other: Tenant) -> None:
    _with_secret(storage, tenant, "k1", b"one")
    storage.write(tenant.id, lambda tx: tx.end_secrets("k1", 1))
    for thief in (tenant, other):
        with pytest.raises(AlreadyExists):
            _with_secret(storage, thief, f"k-{thief.name}", b"one")
        assert storage.write(thief.id, lambda tx: tx.key_is_registered([b"none", b"one"]))
        assert not storage.write(thief.id, lambda tx: tx.key_is_registered([b"none"]))
        assert not storage.write(thief.id, lambda tx: tx.key_is_registered([]))
        with storage.read(thief.id) as snapshot:
            assert snapshot.credential(f"k-{thief.name}") is None


def test_passwords_may_be_equal(storage: Storage, tenant: Tenant, other: Tenant) -> None:
    for owner, name in ((tenant, "k1"), (other, "k2")):
        _with_secret(storage, owner, name, basic_user=name)
        storage.write(owner.id, lambda tx, name=name: tx.add_secret(name, None, "hash"))  # type: ignore[misc]


def test_another_tenants_credential_cannot_be_written(storage: Storage, tenant: Tenant, other: Tenant) -> None:
    made = _with_secret(storage, tenant, "k1", b"one")
    with pytest.raises(AlreadyExists):
        _with_secret(storage, other, "k1", role=Role.ADMIN)
    for name in ("k1", "none"):
        with pytest.raises(NotFound):
            storage.write(other.id, lambda tx, name=name: tx.add_secret(name, b"two", None))  # type: ignore[misc]
        with pytest.raises(NotFound):
            storage.write(other.id, lambda tx, name=name: tx.end_secrets(name, 1))  # type: ignore[misc]
    assert storage.find_by_key([b"one"], 50) == made
    assert storage.find_by_key([b"two"], 50) is None


def test_a_use_is_noted_soon_and_changes_nothing_else(storage: Storage, tenant: Tenant) -> None:
    made = _with_secret(storage, tenant, "k1", b"one", last_used_time=None)
    storage.touch_credential("k1", 77)
    storage.touch_credential("none", 78)
    storage.write(tenant.id, lambda tx: tx.append(entry()))  # written after it, so the note is there
    found = storage.find_by_key([b"one"], 0)
    assert found is not None
    assert found.last_used_time == 77
    assert found == credential(tenant.id, "k1", last_used_time=77)
    assert made.last_used_time is None
    assert len(assert_whole_chain(storage, tenant.id)) == 1


def test_a_user_name_that_no_text_can_hold_is_nobody_s(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, lambda tx: tx.put_credential(credential(tenant.id, basic_user="ann")))
    assert storage.find_by_user("ann") is not None
    assert storage.find_by_user("ann\0") is None
    assert storage.find_by_user("\0") is None
