"""When credentials begin and cease to open: revoked, expired, rotated with an overlap; and their last use."""

from __future__ import annotations

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from tests.servicer import tenants
from tests.servicer.answers import basic
from tests.servicer.refusals import refused
from tests.servicer.world import Caller, World

REMEMBERED = 30
USER, PASSWORD = "legacy", "Pässword: with a colon"


def test_a_revoked_key_is_remembered_for_at_most_thirty_seconds(world: World, admin: Caller) -> None:
    spare, elsewhere = (
        world.holder(tenants.SPARE_KEY),
        Caller(world.another_process(), (("x-api-key", tenants.SPARE_KEY),)),
    )
    spare.ListConsents()
    began = world.clock.seconds()
    revoked = admin.RevokeCredential(id=tenants.SPARE)
    assert revoked.credential.HasField("revoke_time")
    assert refused(elsewhere.ListConsents).reason == "CREDENTIAL_INVALID"
    world.clock.advance(began + REMEMBERED - 0.01 - world.clock.seconds())
    spare.ListConsents()
    world.clock.advance(0.01)
    for _ in range(2):
        assert refused(spare.ListConsents).reason == "CREDENTIAL_INVALID"


def test_use_does_not_prolong_the_memory(world: World, admin: Caller) -> None:
    spare = world.holder(tenants.SPARE_KEY)
    spare.ListConsents()
    admin.RevokeCredential(id=tenants.SPARE)
    for _ in range(2):
        world.clock.advance(REMEMBERED / 2 - 0.1)
        spare.ListConsents()
    world.clock.advance(0.3)
    assert refused(spare.ListConsents).reason == "CREDENTIAL_INVALID"


def test_expiry_is_judged_at_each_use(world: World) -> None:
    caller = world.holder(tenants.EXPIRED)
    world.clock.advance(tenants.EXPIRES_AFTER_SECONDS - 1)
    caller.ListConsents()
    world.clock.advance(1)
    assert refused(caller.ListConsents).reason == "CREDENTIAL_INVALID"
    assert refused(Caller(world.another_process(), caller.metadata).ListConsents).reason == "CREDENTIAL_INVALID"


def test_a_credential_may_end_and_not_have_ended(world: World, admin: Caller) -> None:
    ends = Timestamp(seconds=world.clock.moment() // 1_000_000 + 60)
    made = admin.CreateCredential(credential={"role": 1, "expire_time": ends})
    assert made.credential.expire_time == ends
    world.holder(made.secret).ListConsents()
    past = Timestamp(seconds=world.clock.moment() // 1_000_000)
    found = refused(admin.CreateCredential, credential={"role": 1, "expire_time": past})
    assert found.violations == {"credential.expire_time": "OUT_OF_RANGE"}


def test_a_rotated_key_overlaps_with_the_new_one(world: World, admin: Caller) -> None:
    old = world.holder(tenants.SPARE_KEY)
    rotated = admin.RotateCredential(id=tenants.SPARE, overlap_seconds=3600)
    new = world.holder(rotated.secret)
    assert rotated.credential.id == tenants.SPARE
    for caller in (old, new):
        caller.ListConsents()
    world.clock.advance(3600 - 1)
    for caller in (old, new):
        caller.ListConsents()
    world.clock.advance(1 + REMEMBERED)
    new.ListConsents()
    assert refused(old.ListConsents).reason == "CREDENTIAL_INVALID"


def test_a_key_rotated_without_overlap_ends_as_a_revoked_one(world: World, admin: Caller) -> None:
    old = world.holder(tenants.SPARE_KEY)
    old.ListConsents()
    rotated = admin.RotateCredential(id=tenants.SPARE)
    elsewhere = Caller(world.another_process(), old.metadata)
    assert refused(elsewhere.ListConsents).reason == "CREDENTIAL_INVALID"
    world.holder(rotated.secret).ListConsents()
    world.clock.advance(REMEMBERED)
    assert refused(old.ListConsents).reason == "CREDENTIAL_INVALID"


def test_a_second_rotation_does_not_prolong_the_first(world: World, admin: Caller) -> None:
    first = admin.RotateCredential(id=tenants.SPARE, overlap_seconds=60)
    second = admin.RotateCredential(id=tenants.SPARE, overlap_seconds=3600)
    world.clock.advance(60)
    assert refused(world.holder(tenants.SPARE_KEY).ListConsents).reason == "CREDENTIAL_INVALID"
    world.holder(first.secret).ListConsents()
    world.holder(second.secret).ListConsents()


def test_a_rotated_password_overlaps_too(world: World, admin: Caller) -> None:
    made = admin.CreateCredential(credential={"role": 1, "basic_user": USER}, secret=PASSWORD)
    rotated = admin.RotateCredential(id=made.credential.id, overlap_seconds=60)
    for password in (PASSWORD, rotated.secret):
        world.anybody(basic(USER, password)).ListConsents()
    world.clock.advance(60 + REMEMBERED)
    world.anybody(basic(USER, rotated.secret)).ListConsents()
    assert refused(world.anybody(basic(USER, PASSWORD)).ListConsents).reason == "CREDENTIAL_INVALID"


def test_the_last_use_is_noted_to_about_a_minute(world: World, admin: Caller) -> None:
    def noted() -> Any:
        world.flush()
        (found,) = (one for one in admin.ListCredentials().credentials if one.id == tenants.SPARE)
        return found.last_used_time.ToMicroseconds() if found.HasField("last_used_time") else None

    assert noted() is None
    world.holder(tenants.SPARE_KEY).ListConsents()
    first = noted()
    assert first is not None
    assert world.clock.moment() - 10_000 <= first <= world.clock.moment()
    world.clock.advance(REMEMBERED + 1)
    world.holder(tenants.SPARE_KEY).ListConsents()
    assert noted() == first
    world.clock.advance(REMEMBERED + 1)
    world.holder(tenants.SPARE_KEY).ListConsents()
    assert noted() > first + 60_000_000


def test_a_refused_credential_is_not_noted_as_used(world: World, admin: Caller) -> None:
    admin.RevokeCredential(id=tenants.SPARE)
    refused(world.holder(tenants.SPARE_KEY).ListConsents)
    world.flush()
    (found,) = (one for one in admin.ListCredentials().credentials if one.id == tenants.SPARE)
    assert not found.HasField("last_used_time")
