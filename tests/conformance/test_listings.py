"""Lists and their order: by code points, ids that differ in case differ, newest first where it says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from server.domain.model import Tenant
from server.storage.protocol import Snapshot, Storage, Transaction
from tests.conformance.things import ANN, PURPOSE, contact, credential, opt_out, sender, setting

# In the order of their code points, which is nobody's alphabet: Z before a, é behind z, a surrogate pair last.
IDS = ("*", "-", "0", "00", "10", "9", "A", "Z", "_", "a", "a b", "ab", "b", "z", "É", "é", "ÿ", "ﬁ", "😀")

LISTS: dict[str, tuple[Callable[[Transaction, str], None], Callable[[Snapshot, str, int], Sequence[object]]]] = {
    "senders": (lambda tx, name: tx.put_sender(sender(name)), lambda s, after, limit: s.senders(after, limit)),
    "contacts": (
        lambda tx, name: tx.put_contact(contact(name), "ann@example.com"),
        lambda s, after, limit: s.contacts(after, limit),
    ),
    "contacts by email": (
        lambda tx, name: tx.put_contact(contact(name), "ann@example.com"),
        lambda s, after, limit: s.contacts(after, limit, "ann@example.com"),
    ),
    "credentials": (
        lambda tx, name: tx.put_credential(credential(tx.tenant.id, name)),
        lambda s, after, limit: s.credentials(after, limit),
    ),
}


@pytest.mark.parametrize(("put", "listed"), LISTS.values(), ids=LISTS.keys())
def test_a_list_is_in_the_order_of_code_points_page_by_page(
    storage: Storage,
    tenant: Tenant,
    put: Callable[[Transaction, str], None],
    listed: Callable[[Snapshot, str, int], Sequence[object]],
) -> None:
    def work(tx: Transaction) -> None:
        for name in reversed(IDS):
            put(tx, name)

    storage.write(tenant.id, work)
    assert list(IDS) == sorted(IDS)
    with storage.read(tenant.id) as snapshot:
        for size in (1, 4, 100):
            found: list[str] = []
            while page := [str(getattr(thing, "id", "")) for thing in listed(snapshot, (found or [""])[-1], size)]:
                assert len(page) <= size
                found += page
            assert found == list(IDS)
        assert listed(snapshot, "", 0) == []


def test_ids_that_differ_in_case_or_accent_differ(storage: Storage, tenant: Tenant) -> None:
    def work(tx: Transaction) -> None:
        for name in ("dept", "DEPT", "dépt", "de\u0301pt", "dept "):
            tx.put_sender(sender(name, country=name))
            tx.put_contact(contact(name, first=name, external_id=name), name)
            tx.put_credential(credential(tx.tenant.id, name, basic_user=name))
            tx.put_auto_response(name, setting(resp_text=name))
            tx.put_purpose(PURPOSE)

    storage.write(tenant.id, work)
    with storage.read(tenant.id) as snapshot:
        for name in ("dept", "DEPT", "dépt", "de\u0301pt", "dept "):
            assert snapshot.sender(name) == sender(name, country=name)
            assert snapshot.contact(name) == contact(name, first=name, external_id=name)
            assert snapshot.contact_by_external_id(name) == snapshot.contact(name)
            assert [found.id for found in snapshot.contacts_by_email(name)] == [name]
            assert [found.resp_text for found in snapshot.auto_responses(name)] == [name]
            login = storage.find_by_user(name)
            assert login is not None
            assert login.credential.id == name
        for name in ("Dept", "dept  ", " dept", "dep", ""):
            assert snapshot.sender(name) is None
            assert snapshot.contact(name) is None
            assert snapshot.contact_by_external_id(name) is None
            assert storage.find_by_user(name) is None
        assert snapshot.purpose("Marketing") is None


def test_only_some_senders(storage: Storage, tenant: Tenant) -> None:
    def work(tx: Transaction) -> None:
        for name in "abcde":
            tx.put_sender(sender(name))

    storage.write(tenant.id, work)
    with storage.read(tenant.id) as snapshot:
        assert [found.id for found in snapshot.senders("", 9, frozenset("dbx"))] == ["b", "d"]
        assert [found.id for found in snapshot.senders("b", 9, frozenset("dbx"))] == ["d"]
        assert [found.id for found in snapshot.senders("", 1, frozenset("dbx"))] == ["b"]


def test_the_newest_contact_comes_first(storage: Storage, tenant: Tenant) -> None:
    def work(tx: Transaction) -> None:
        for name, created in (("old", 1), ("new", 3), ("middle", 2), ("aged", 1)):
            tx.put_contact(contact(name, create_time=created, update_time=99 - created), "ann@example.com")

    storage.write(tenant.id, work)
    with storage.read(tenant.id) as snapshot:
        assert [found.id for found in snapshot.contacts_by_email("ann@example.com")] == [
            "new",
            "middle",
            "aged",
            "old",
        ]
        newest = snapshot.contact_by_external_id("x1")
        assert newest is not None
        assert newest.id == "new"
        assert snapshot.contacts_by_email("Ann@Example.com") == []


def test_the_newest_setting_comes_first_and_a_changed_one_stays_in_its_place(storage: Storage, tenant: Tenant) -> None:
    def work(tx: Transaction) -> None:
        for name, created in (("s1", 1), ("s3", 3), ("s2", 2)):
            tx.put_auto_response("profile", setting(name, create_time=created))
        tx.put_auto_response("profile", setting("s1", create_time=1, update_time=99, keywords=(), resp_text=None))
        tx.put_auto_response("elsewhere", setting("s1", create_time=9))

    storage.write(tenant.id, work)
    with storage.read(tenant.id) as snapshot:
        found = snapshot.auto_responses("profile")
        assert [one.id for one in found] == ["s3", "s2", "s1"]
        assert found[-1] == setting("s1", create_time=1, update_time=99, keywords=(), resp_text=None)
    storage.write(tenant.id, lambda tx: tx.delete_auto_response("profile", "s1"))
    with storage.read(tenant.id) as snapshot:
        assert [one.id for one in snapshot.auto_responses("profile")] == ["s3", "s2"]
        assert [one.id for one in snapshot.auto_responses("elsewhere")] == ["s1"]


def test_deleting_what_is_not_there_is_nothing(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, lambda tx: tx.delete_contact("x"))
    storage.write(tenant.id, lambda tx: tx.delete_auto_response("x", "x"))


def test_a_known_thing_is_replaced_whole(storage: Storage, tenant: Tenant) -> None:
    def work(tx: Transaction) -> None:
        tx.put_sender(sender(country="US"))
        tx.put_sender(sender(country=None, double_opt_in=False, update_time=99))
        tx.put_contact(contact(), "ann@example.com")
        tx.put_contact(contact(email="", mobile=""), "")

    storage.write(tenant.id, work)
    with storage.read(tenant.id) as snapshot:
        assert snapshot.senders("", 9) == [sender(country=None, double_opt_in=False, update_time=99)]
        assert snapshot.contacts("", 9) == [contact(email="", mobile="")]
        assert snapshot.contacts_by_email("ann@example.com") == []


def test_a_deleted_contact_leaves_its_consents(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, lambda tx: tx.put_contact(contact(), ""))
    storage.write(tenant.id, opt_out)
    storage.write(tenant.id, lambda tx: tx.delete_contact("c1"))
    with storage.read(tenant.id) as snapshot:
        assert snapshot.contact("c1") is None
        assert len(snapshot.records(ANN)) == 1


def test_texts_come_back_as_they_are(storage: Storage, tenant: Tenant) -> None:
    odd = "a\u0301 ☎️ \u202e‮ 'quoted' \"and\" \\ % _ ; -- \t\n 😀" + "x" * 10_000
    storage.write(tenant.id, lambda tx: tx.put_contact(contact(first=odd, last="", external_id="' OR 1=1 --"), odd))
    with storage.read(tenant.id) as snapshot:
        assert snapshot.contact_by_external_id("' OR 1=1 --") == contact(first=odd, last="", external_id="' OR 1=1 --")
        assert len(snapshot.contacts_by_email(odd)) == 1


def test_tenants_are_listed_by_name(storage: Storage) -> None:
    for name in ("b", "B", "a", "é", "Z"):
        storage.create_tenant(name, None)
    assert [found.name for found in storage.tenants()] == ["B", "Z", "a", "b", "é"]
    assert len({found.id for found in storage.tenants()}) == 5
