"""A drill: the database is backed up under load, lost, and restored; what was promised is there, and nothing more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.client import ConsentClient, ResumeTokenOutOfRange, sms
from server.demo import BRAND
from server.storage.protocol import StoredEvent
from tests.e2e.copies import back_up, lose, restore
from tests.e2e.loads import Watcher, Writers, no_of, patient_client
from tests.e2e.process import carry_out, run, serving, settings_of
from tests.e2e.test_kill import verified_ledger
from tests.e2e.test_watch_under_kills import kill_whole

ENOUGH = 30
KEPT, LOST = no_of(1_000_001), no_of(1_000_002)


def denied(client: ConsentClient, ledger: list[StoredEvent]) -> bool:
    """Whether nobody whose no is in the ledger may be sent anything."""
    payloads = [json.loads(event.payload or b"{}") for event in ledger if event.header.kind == "OPT_OUT"]
    assert len(payloads) > ENOUGH
    people = [sms(payload["address"]) for payload in payloads]
    return not any(decision.allowed for _, decision in client.check_many(BRAND, "transactional", people))


def head(client: ConsentClient) -> int:
    """The ledger's last revision."""
    return next(iter(client.history(newest_first=True))).revision


def token_after(client: ConsentClient, revision: int) -> str:
    """A watcher's token of a moment after a revision."""
    with Watcher(client.watch(after_revision=0)) as watcher:
        watcher.revisions.wait_for(revision)
    return watcher.watch.resume_token


def refused_while_served(folder: Path, copy: Path) -> None:
    """A file that is served is not replaced, whatever is forced."""
    if "CONSENT_SERVICE_KEY" not in settings_of(folder):
        refused = run(folder, "restore", str(copy), "--force")
        assert refused.returncode == 2
        assert "is in use: stop `consent serve`" in refused.stderr


def test_a_backup_made_under_load_is_restored_into_a_new_epoch(home: Path) -> None:
    copy = home / "copy"
    with serving(home, "--demo") as served, patient_client(served.grpc) as client, Writers(client, 3) as writers:
        writers.acknowledged.wait_for_more(ENOUGH)
        kept = client.record(KEPT, request_id="before-the-backup")
        token = token_after(client, kept.revision)
        acknowledged = set(writers.acknowledged.seen)
        back_up(home, copy)
        refused_while_served(home, copy)
        writers.acknowledged.wait_for_more(ENOUGH)
        lost = client.record(LOST, request_id="after-the-backup")
        writers.stop()
        kill_whole(served)
    lose(home)
    restore(home, copy)
    assert "intact" in carry_out(home, "verify")
    ledger = verified_ledger(home)
    restored = [event.header.revision for event in ledger]
    assert acknowledged | {kept.revision} <= set(restored)
    assert restored[-1] < lost.revision
    with serving(home, "--demo") as served, patient_client(served.grpc) as client:
        assert denied(client, ledger)
        again = client.record(KEPT, request_id="before-the-backup")
        assert (again.revision, head(client)) == (kept.revision, restored[-1])
        anew = client.record(LOST, request_id="after-the-backup")
        assert (anew.revision, anew.unchanged) == (restored[-1] + 1, False)
        with pytest.raises(ResumeTokenOutOfRange):
            next(iter(client.watch(after_revision=kept.revision, resume_token=token)))
        with Watcher(client.watch(after_revision=0)) as watcher:
            watcher.revisions.wait_for(anew.revision)
        assert watcher.hashes[:-1] == [event.hash for event in ledger]
        with Watcher(client.watch(after_revision=0, resume_token=watcher.watch.resume_token)) as resumed:
            last = client.record(no_of(1_000_003))
            resumed.revisions.wait_for(last.revision)
        assert resumed.revisions.seen == [last.revision]
