"""The checks that are sent, and holding what comes back to what is known to be true."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consent.v1.consent_pb2 import Recipient
from consent.v1.decision_pb2 import (
    BatchCheckConsentRequest,
    BatchCheckConsentResponse,
    CheckConsentRequest,
    CheckConsentResponse,
)

from server.demo import BRAND
from tests.bench import people
from tests.bench.loads import LoadFailed

CHECK = "/consent.v1.ConsentService/CheckConsent"
BATCH_CHECK = "/consent.v1.ConsentService/BatchCheckConsent"
_CHECKS = 20_000
_UNKNOWN = 1.1

Samples = Iterable[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Checks:
    """Unary checks of persons at random, one in eleven unknown."""

    count: int
    persons: Sequence[int]
    messages: Sequence[bytes]

    @classmethod
    def of(cls, count: int) -> Checks:
        """Ask about a database with so many records."""
        chance = random.Random(3)
        persons = [chance.randrange(int(count * _UNKNOWN)) for _ in range(_CHECKS)]
        return cls(count, persons, [_check(person) for person in persons])

    def hold(self, samples: Samples) -> None:
        """Compare answers with the truth. Raises LoadFailed."""
        for index, body in samples:
            (decision,) = CheckConsentResponse.FromString(body).decisions
            expected = people.truth(self.persons[index], self.count)
            if (decision.verdict, decision.reason) != expected:
                raise LoadFailed(f"person {self.persons[index]} should be {expected}, and is: {decision}")


@dataclass(frozen=True, slots=True)
class BatchChecks:
    """Batches of checks."""

    count: int
    batches: Sequence[Sequence[int]]
    messages: Sequence[bytes]

    @classmethod
    def of(cls, count: int, batches: Sequence[Sequence[int]]) -> BatchChecks:
        """Ask about these persons in a database with so many records."""
        return cls(count, batches, [_batch(batch) for batch in batches])

    def hold(self, samples: Samples) -> None:
        """Compare answers with the truth. Raises LoadFailed."""
        for index, body in samples:
            answer = BatchCheckConsentResponse.FromString(body)
            told = list(zip(answer.verdicts, answer.reasons, strict=True))
            expected = [people.truth(person, self.count) for person in self.batches[index]]
            if told != expected:
                wrong = sum(one != other for one, other in zip(told, expected, strict=False))
                raise LoadFailed(f"{wrong} of {len(expected)} verdicts of a batch are not as they should be")


def _check(person: int) -> bytes:
    channel, address = people.recipient(person)
    recipient = Recipient(channel=channel, address=address)
    return CheckConsentRequest(sender=BRAND, recipient=recipient, purposes=[people.MARKETING]).SerializeToString()


def _batch(persons: Sequence[int]) -> bytes:
    channels, addresses = zip(*map(people.recipient, persons), strict=True)
    request = BatchCheckConsentRequest(sender=BRAND, purpose=people.MARKETING, channels=channels, addresses=addresses)
    return request.SerializeToString()
