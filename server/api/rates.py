"""How much a credential may ask for: so many calls a second, and so many items in one call.

A call costs one, and another one for every hundred items in it, which is what a batch costs beside a lone call. Each
process counts for itself.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from google.protobuf import descriptor_pool

from server.api.call import Call, Handler, Method
from server.api.capacity import Capacity
from server.api.limits import LIMITS, Items
from server.domain.errors import FieldFault, InvalidField, RateLimited, Violation
from server.metrics.metrics import Metrics

ITEMS_A_CALL = 100
_MAX_CREDENTIALS = 10_000


class CallRates:
    """A token bucket for each credential, `capacity.burst` deep and filled with `capacity.rate` tokens a second."""

    def __init__(self, capacity: Capacity, monotonic: Callable[[], float], metrics: Metrics) -> None:
        self.capacity = capacity
        self._monotonic = monotonic
        self._metrics = metrics
        self._guard = threading.Lock()
        self._depth = capacity.burst / capacity.rate if capacity.rate else 0.0
        """Seconds in which an empty bucket fills."""
        self._full_again: OrderedDict[str | None, float] = OrderedDict()

    def spend(self, credential: str | None, tokens: float) -> None:
        """Take tokens; of what costs more than the bucket holds, as many as that. Raises RateLimited."""
        cost = tokens / self.capacity.rate if tokens < self.capacity.burst else self._depth
        now = self._monotonic()
        with self._guard:
            full_again = self._full_again.get(credential, now)
            full_again = (full_again if full_again > now else now) + cost
            wait = full_again - now - self._depth
            if wait <= 0:
                self._full_again[credential] = full_again
                if len(self._full_again) > _MAX_CREDENTIALS:
                    self._full_again.popitem(last=False)
                return
        self._metrics.limited("rate_limited")
        raise RateLimited(math.ceil(wait))


def bound(method: Method, inner: Handler, rates: CallRates) -> Handler:
    """Refuse a call beyond the credential's rate, or with more items than a process takes. Costs nothing while off."""
    most, limited = rates.capacity.batch_items, bool(rates.capacity.rate)
    lists = _lists(method.full_name)
    if not limited and all(allowed <= most for allowed in lists.values()):
        return inner

    def run_alone(call: Call, request: Any) -> Any:
        rates.spend(call.principal.credential_id, 1)
        return inner(call, request)

    def run(call: Call, request: Any) -> Any:
        counts = {name: len(getattr(request, name, ())) for name in lists}
        if limited:
            rates.spend(call.principal.credential_id, 1 + max(counts.values(), default=0) // ITEMS_A_CALL)
        too_many = [
            Violation(name, FieldFault.TOO_MANY, f"at most {most}, not {count}")
            for name, count in counts.items()
            if count > most
        ]
        if too_many:
            raise InvalidField(*too_many)
        return inner(call, request)

    return run if lists else run_alone


def _lists(full_name: str) -> dict[str, int]:
    """The lists of a method's request that may hold more than a few items, and how many the contract allows."""
    request = descriptor_pool.Default().FindMethodByName(full_name[1:].replace("/", ".")).input_type
    limits = {field.name: LIMITS.get(field.full_name) for field in request.fields if field.is_repeated}
    return {
        name: limit.most for name, limit in limits.items() if isinstance(limit, Items) and limit.most > ITEMS_A_CALL
    }
