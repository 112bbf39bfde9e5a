"""What is asked and what is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_ayrshare.engine.errors import Refusal, Rule


@dataclass(frozen=True)
class Options:
    """How requests are made; times in seconds.

    request_budget: how many requests a run may make, None for any number.
    max_concurrency, max_concurrency_total: the most requests in flight of a source and of all, None for as many as
        limit, latency and open files allow.
    """

    api_url: str
    api_key: str
    user_agent: str
    request_timeout: float
    request_budget: int | None
    max_concurrency: int | None
    max_concurrency_total: int | None
    rate_limit_requests: int
    rate_limit_window: float
    rate_limit_reserve: float


@dataclass(frozen=True)
class Request:
    """A request to the API.

    stream: the stream that it is for.
    parts: the parts of the source that it is about, for reading which of them an error means.
    endpoint: what the judge knows of what is asked.
    needs_success: whether a body is usable only with a status of success, as any object would do.
    may_be_refused: whether a refusal without a code concerns this request alone, not the profile or the key.
    tries: how often it is sent if it gets no answer, None for as often as any.
    kind: the kind of request that it is, which a refusal may close for the profile; "" for none.
    rules: codes that mean something else to it than to other requests.
    """

    method: str
    path: str
    stream: str
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    parts: tuple[str, ...] = ()
    needs_success: bool = False
    may_be_refused: bool = False
    tries: int | None = None
    endpoint: Any = None
    kind: str = ""
    rules: Mapping[int, Rule] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """An answer that is as good as it gets.

    body: the parsed body, None where there is none that can be used.
    refusals: what it refuses; beside a usable body they concern parts of it.
    sent: how many requests it took.
    retry_after: what its body says of when to ask again, as a Retry-After header would.
    unread: why items of its lists couldn't be read; such an item is text.
    """

    status: int | None
    body: Any
    refusals: list[Refusal]
    sent: int = 1
    retry_after: str | None = None
    unread: tuple[Refusal, ...] = ()

    @property
    def refusal(self) -> Refusal | None:
        """What refused the whole request; None if the body is usable."""
        return self.refusals[0] if self.body is None and self.refusals else None


Judge = Callable[[Request, int, Any], Answer]
"""Returns what an answer means: of a request, its HTTP status and the parsed body, None if it isn't JSON."""
