"""The request budget of a run: how many requests are left, and whose turn it is under it."""

from __future__ import annotations


class BudgetSpent(Exception):
    """The request budget is spent; raised before the first request over it."""


class Budget:
    """The requests that a run may make.

    sent: those that it has made.
    """

    def __init__(self, most: int | None) -> None:
        """Make a budget; most: how many requests may be made, None for any number."""
        self._most = most
        self.sent = 0

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self._most is not None and self.sent >= self._most

    def spend(self) -> None:
        """Take one request.

        Raises:
            BudgetSpent: nothing is left.
        """
        if self.is_spent:
            raise BudgetSpent
        self.sent += 1

    def give_back(self) -> None:
        """Give back a request that was not sent."""
        self.sent -= 1
