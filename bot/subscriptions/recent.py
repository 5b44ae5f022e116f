"""What was asked for last? The newest results by their key, no more than so many; used by several threads."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """Forgets what was used longest ago. Two threads that ask for the same thing at once may both make it."""

    def __init__(self, most: int) -> None:
        self._most, self._kept, self._lock = most, dict[Hashable, V](), Lock()

    def kept(self, key: Hashable) -> V | None:
        """The value of a key, None if it is not kept."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept[key] = self._kept.pop(key)
            return self._kept[key]

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made if it is not kept. What `make` raises is not kept."""
        found = self.kept(key)
        if found is not None:
            return found
        made = make()
        with self._lock:
            self._kept[key] = made
            if len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return made
