"""Whether what batches bring is right: single answers decide (docs/api.md section 6)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from tap_ayrshare.ayrshare.contract import promote
from tap_ayrshare.ayrshare.envelopes import good_blocks, good_elements
from tap_ayrshare.engine.errors import Refusal, Rule, Scope
from tap_ayrshare.engine.messages import ALL, Issue

if TYPE_CHECKING:
    from tap_ayrshare.engine.exchange import Request
    from tap_ayrshare.posts.due import DuePost
    from tap_ayrshare.streams.source import Source

COMPARED = 3
"""Posts of a batch that are compared with their single answers, and batches that may prove nothing."""
DIFFERS = Rule(Scope.RESOURCE, failure=False, action="batches of this network aren't used in this run")


class BatchedStream(Protocol):
    """A stream whose posts can be asked for in batches."""

    @property
    def name(self) -> str:
        """Its name."""

    def social_id(self, source: Source, post: DuePost, network: str) -> str | None:
        """Return a post's own id on a network, None if it isn't known."""

    def request(self, post: DuePost, networks: tuple[str, ...]) -> Request:
        """Return the request for a single post."""


class BatchProof:
    """Decides which blocks of a network's batches can be trusted.

    Batches are proven by a post with a number other than 0 that both answers agree on. After that, a post without any
    number is still asked for singly, and so is one whose numbers are all 0 until a few of those have agreed.

    requests: those that aren't counted yet.
    """

    def __init__(self, source: Source, stream: BatchedStream, network: str) -> None:
        self._source = source
        self._stream = stream
        self._network = network
        self._vain = self._agreed = 0
        self.requests = 0

    @property
    def is_proven(self) -> bool:
        """Whether the network's batches are right."""
        return self._network in self._source.networks.proven_batches

    @property
    def is_off(self) -> bool:
        """Whether the network's posts are asked for singly."""
        return self._network in self._source.networks.unbatched

    async def prove(self, found: dict[DuePost, Any]) -> dict[DuePost, Any]:
        """Return those of a first batch's blocks that can be trusted: all if it proves right, else single answers."""
        trusted: dict[DuePost, Any] = {}
        for post in sorted(found, key=lambda post: not self._has_numbers(found[post]))[:COMPARED]:
            if (single := await self._single(post)) is None:
                continue
            trusted[post] = single
            if self._metrics(found[post]) != self._metrics(single):
                message = "a batch has other metrics than the single answer of a post"
                self.turn_off("batch_differs", message, post.post_id)
                return trusted
            if self._has_numbers(single):
                self._source.networks.proven_batches.add(self._network)
                return {**await self.trusted({p: block for p, block in found.items() if p not in trusted}), **trusted}
        self._vain += 1
        if self._vain == COMPARED:
            self._source.remark(f"{self._stream.name}: no batch of {self._network} has numbers that prove it right")
            self._source.networks.unbatched.add(self._network)
        return trusted

    async def trusted(self, found: dict[DuePost, Any]) -> dict[DuePost, Any]:
        """Return those of a proven batch's blocks that can be trusted."""
        zeros = [post for post, block in found.items() if self._is_zero(block)]
        trusted = {post: block for post, block in found.items() if self._has_numbers(block)}
        for post in zeros:
            if self._agreed < COMPARED:
                if (single := await self._single(post)) is None:
                    continue
                self._agreed += 1 if self._is_zero(single) else -COMPARED * len(zeros)
                trusted[post] = single
            else:
                trusted[post] = found[post]
        return trusted

    async def _single(self, post: DuePost) -> Any:
        """Return the block of a post's single answer, None if it has none or several."""
        answer = await self._source.attempt(self._stream.request(post, (self._network,)))
        self.requests += answer.sent
        elements = good_elements(good_blocks(answer.body).get(self._network))
        return elements[0] if len(elements) == 1 else None

    def _metrics(self, block: Any) -> dict[str, int | None]:
        return promote("post", self._network, block.get("analytics"))

    def _has_numbers(self, block: Any) -> bool:
        return any(self._metrics(block).values())

    def _is_zero(self, block: Any) -> bool:
        values = self._metrics(block).values()
        return not any(values) and any(value is not None for value in values)

    def turn_off(self, code: str, message: str, resource: str = ALL) -> None:
        """Ask for the network's posts singly in this run, and say why."""
        self._source.networks.unbatched.add(self._network)
        refusal = Refusal(DIFFERS, code, message, HTTPStatus.OK, self._network)
        self._source.note(Issue(self._stream.name, refusal, resource, self._network))
