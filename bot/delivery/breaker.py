"""Is a host down for everybody? After failures in a row its deliveries wait, and one at a time tries whether it is back.

Pure, with the time given. Any answer, even a refusal, shows that the host is there. What one channel meets alone is not
the host's fault: two of its destinations must have failed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

IN_A_ROW = 5  # failures without any answer between them
TOGETHER = timedelta(minutes=10)  # within which they must have happened
FIRST, LONGEST = timedelta(minutes=1), timedelta(minutes=10)  # the waits between two probes, doubling
AFTERWARDS = timedelta(seconds=30)  # by then it is mostly known what became of a probe


@dataclass(slots=True)
class Breaker:
    """Of one host, dropped when it answers. `until` is when the next probe may go, None while it is taken to be well."""

    until: datetime | None = None
    since: datetime | None = None
    why: str = ""
    _failures: deque[tuple[datetime, str]] = field(default_factory=lambda: deque(maxlen=IN_A_ROW))
    _wait: timedelta = FIRST
    _appointed: tuple[int, int] | None = None  # attempts and number of the delivery that is to try
    _probe: int | None = None  # the delivery that is trying

    def again(self, delivery: int, attempts: int, now: datetime) -> datetime | None:
        """When this delivery should ask again; None if it may go. What was tried least is the best witness."""
        if self.until is None:
            return None
        if self._probe is not None:
            return max(now, self.until) + AFTERWARDS
        if now < self.until:
            self._appointed = min(self._appointed or (attempts, delivery), (attempts, delivery))
            return self.until if self._appointed[1] == delivery else self.until + AFTERWARDS
        another = self._appointed is not None and self._appointed[1] != delivery
        return self.until + AFTERWARDS if another and now < self.until + AFTERWARDS else None

    def goes(self, delivery: int) -> None:
        """A delivery leaves for this host; if the host is taken to be down, as its probe."""
        if self.until is not None and self._probe is None:
            self._probe = delivery

    def comes_back(self, delivery: int) -> None:
        """A delivery is done, whatever it met; if it was the probe and met nobody, another one may try."""
        if self._probe == delivery:
            self._probe = self._appointed = None

    def failed(self, destination: str, why: str, now: datetime) -> None:
        if self.until is None:
            self._failures.append((now, destination))
            if self._all_together(now):
                self._open(FIRST, why, now)
        elif now >= self.until:
            self._open(min(self._wait * 2, LONGEST), why, now)

    def _all_together(self, now: datetime) -> bool:
        recent = {destination for at, destination in self._failures if now - at <= TOGETHER}
        return len(self._failures) == IN_A_ROW and now - self._failures[0][0] <= TOGETHER and len(recent) > 1

    def _open(self, wait: timedelta, why: str, now: datetime) -> None:
        self.since = self.since or self._failures[0][0]
        self._wait, self.until, self.why = wait, now + wait, why
        self._appointed = self._probe = None
