"""The lease: for how much longer the core is known to be alive, on the gateway's own monotonic clock.

No wall clock is compared with another one. A token lower than the highest ever seen is refused, before and after a
restart. Source: M. Kleppmann, How to do distributed locking (2016): a lease alone excludes nobody, the fenced
resource does.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from kg.errors import BadValue
from kg.opcua.gateway.log import GatewayLog

#: The longest lease that is given.
LONGEST_S = 10.0


class Lease:
    """Renewed by the core about every second."""

    def __init__(self, log: GatewayLog, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._monotonic = monotonic
        self._until_s = float("-inf")
        self._token = 0

    def renew(self, token: int, ttl_s: float, at_us: int) -> None:
        """Fresh for `ttl_s` from now. Raises NotAuthorised for a lower token, BadValue, RecordFailed."""
        if not 0 < ttl_s <= LONGEST_S:
            raise BadValue(f"A lease lasts up to {LONGEST_S:.0f} s, not {ttl_s} s.", ttl_s=ttl_s)
        self._log.fence(token, at_us)
        self._token = token
        self._until_s = self._monotonic() + ttl_s

    def remaining_s(self, token: int | None = None) -> float:
        """Seconds left; not positive when it has run out or belongs to another token."""
        if token is not None and (token != self._token or token < self._log.highest_token):
            return 0.0
        return self._until_s - self._monotonic()

    @property
    def is_fresh(self) -> bool:
        return self.remaining_s() > 0
