"""What a proof says of itself: how to verify it without this service. A test runs the procedure as it stands here."""

from __future__ import annotations

PROCEDURE = """\
import hashlib
import json
import sys

FIELDS = (
    "tenant_id", "revision", "kind", "effective_time", "record_time", "recipient_id", "sender", "purpose",
    "before", "after", "applied", "not_applied_reason", "actor", "credential_id", "source", "batch_id",
    "payload_digest",
)


def field(value):
    if value is None:
        return b"\\xff\\xff\\xff\\xff"
    if isinstance(value, int):
        value = str(int(value))
    raw = value.encode() if isinstance(value, str) else value
    return len(raw).to_bytes(4, "big") + raw


def sha256(*fields):
    return hashlib.sha256(b"".join(fields)).digest()


def header_bytes(header):
    values = dict(header, payload_digest=bytes.fromhex(header["payload_digest"]))
    return b"".join(field(values[name]) for name in FIELDS)


def fail(revision, text):
    sys.exit(f"NOT INTACT: event {revision}: {text}")


proof = json.load(open(sys.argv[1], encoding="utf-8"))
ledger, links = proof["ledger"], proof["links"]
people = {person["recipient_id"]: person for person in proof["recipients"]}
events = {event["header"]["revision"]: event for event in proof["events"]}
pruned = [(header["revision"], json.loads(header["after"])) for header in links.values() if header["kind"] == "PRUNED"]
erased = [e["header"] for e in proof["events"] if e["header"]["kind"] == "ERASED"]


def was_pruned(revision):
    return any(
        first <= revision <= last < later for later, told in pruned for first, last in told["revisions"]
    )


# 1. Each payload is the one that its header names, and speaks of this person; a missing one was deleted later.
for revision, event in events.items():
    header = event["header"]
    if header["recipient_id"] not in people:
        fail(revision, "it is of another recipient")
    if event["payload"] is None:
        forgotten = any(e["recipient_id"] == header["recipient_id"] and e["revision"] > revision for e in erased)
        if not (forgotten or was_pruned(revision)):
            fail(revision, "its payload is missing, and was neither erased nor pruned")
        continue
    if sha256(field(bytes.fromhex(event["salt"])), field(event["payload"])).hex() != header["payload_digest"]:
        fail(revision, "its payload is not the one that its header names")
    told, person = json.loads(event["payload"]), people[header["recipient_id"]]
    if "address" in told and (told["channel"], told["address"]) != (person["channel"], person["address"]):
        fail(revision, "its payload names another address")

# 2. Each hash follows from the hash before it and the header, from the first event of this file to the ledger's head.
running = bytes.fromhex(ledger["previous_hash"])
for revision in range(ledger["first_revision"], ledger["head_revision"] + 1):
    if revision in events:
        header = events[revision]["header"]
    elif str(revision) in links:
        header = links[str(revision)]
        if header["recipient_id"] in people:
            fail(revision, "it is of this person, and was left out of the events")
    else:
        fail(revision, "it is missing")
    if header["revision"] != revision:
        fail(revision, "another event stands in its place")
    running = sha256(field(1), field(running), header_bytes(header))
    if revision in events and running.hex() != events[revision]["hash"]:
        fail(revision, "its hash does not follow from the hash before it and its header")
if running.hex() != ledger["head_hash"]:
    fail(ledger["head_revision"], "its hash is not that of the ledger's head")
print(f"INTACT: {len(events)} events, and nothing left out since revision {ledger['first_revision']}")
print(f"the ledger's hash at revision {ledger['head_revision']} is {ledger['head_hash']}")
"""

EXPLANATION = """\
This file proves what a consent ledger holds on one person. It is verified without the service that wrote it, with
nothing but SHA-256. It holds personal data: keep it as such.

What is in it
  recipients  the person's address on each channel, and the random number by which the ledger knows it; no address
              where it was forgotten.
  events      every statement recorded about the person, in order: its header as it was hashed, its payload (the
              address and the evidence, as the exact text that was hashed) with the salt, and its hash. Times are
              microseconds since 1970-01-01 UTC: effective_time in the world, record_time in this ledger.
  ledger      where the chain begins in this file (first_revision, and the hash before it) and where the ledger ended
              when the file was written (head_revision, head_hash).
  links       the headers of the events from there to the end that are not this person's, by revision. They hold no
              address and no evidence.

The arithmetic
  digest = SHA-256(field(salt) field(payload))
  hash   = SHA-256(field(1) field(hash of the event before) field(each header field, in the order of FIELDS below))
  field  = 4 bytes of length, big-endian, then the bytes; what is absent (null) is the length 0xFFFFFFFF and no bytes
  Whole numbers are read as they stand, to 64 bits: JavaScript would round recipient_id.
  Text is UTF-8, whole numbers are decimal text, true and false are 1 and 0, salt, digests and hashes are raw bytes.
  The first event of a ledger follows 32 zero bytes. A payload that is not kept any
  longer (null) is proved by a later ERASED event of the person, or by a later PRUNED event, which is among the links
  and names its revision.

What it proves
  That no event was altered, and none of this person's left out, since first_revision, in the ledger whose hash at
  head_revision is head_hash. That this is the ledger that was kept at the time, and not one made up later, is proved by
  comparing a hash: every event that the service ever answered, listed or streamed carried its hash, so any copy of one
  at or after the events in question, noted elsewhere at the time, must be the hash that this chain has there.

How to verify it
  Save the lines between the two rulers as verify.py, then run: python3 verify.py THIS_FILE
  It prints INTACT and ends with exit code 0, or names the first event that is wrong.
"""

RULER = "-" * 78


def guide() -> list[str]:
    """The explanation with the procedure in it, line by line."""
    return [*EXPLANATION.splitlines(), RULER, *PROCEDURE.splitlines(), RULER]
