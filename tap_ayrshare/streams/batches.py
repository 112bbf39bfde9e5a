"""The metrics of up to a hundred posts in a request, used once proven right (docs/api.md section 6)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, X
from tap_ayrshare.ayrshare.endpoints import POST_ANALYTICS
from tap_ayrshare.ayrshare.envelopes import good_blocks, good_elements
from tap_ayrshare.engine.errors import Refused, Scope
from tap_ayrshare.engine.values import text
from tap_ayrshare.streams.batch_proof import BatchProof

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_ayrshare.engine.exchange import Answer
    from tap_ayrshare.posts.due import DuePost
    from tap_ayrshare.streams.batch_proof import BatchedStream
    from tap_ayrshare.streams.source import Source

logger = logging.getLogger(__name__)

FIRST, MOST, LEAST = 25, 100, 4
"""Ids in the first batch of a network, at most (docs/api.md section 6), and below which batches are no use."""
SIDE_BY_SIDE = 4
"""Batches of a network in flight at once, since they take as long as the networks do."""


class Batches:
    """The batches of a pass.

    A network's posts are asked for in the order in which they are read. Whatever a batch doesn't bring is asked for
    singly by the pass: `blocks` returns only what can be trusted.
    """

    def __init__(self, source: Source, stream: BatchedStream, posts: Iterable[DuePost]) -> None:
        """Make the batches of posts, the networks of which are known."""
        waiting: dict[str, deque[tuple[DuePost, str]]] = {}
        for post in posts:
            for network in post.networks:
                can = "post_batches" in NETWORKS[network].reads and network not in source.networks.unbatched
                if can and (social_id := stream.social_id(source, post, network)):
                    waiting.setdefault(network, deque()).append((post, social_id))
        self._networks = {network: NetworkBatches(source, stream, network, posts) for network, posts in waiting.items()}

    async def blocks(self, post: DuePost, networks: Iterable[str]) -> tuple[dict[str, Any], int]:
        """Return the blocks of a post that batches bring, by network, and how many requests that took."""
        asked = [network for network in networks if network in self._networks]
        answers = await asyncio.gather(*(self._networks[network].block(post) for network in asked))
        blocks = {network: block for network, (block, _) in zip(asked, answers, strict=True) if block is not None}
        return blocks, sum(requests for _, requests in answers)


class NetworkBatches:
    """The batches of one network."""

    def __init__(
        self, source: Source, stream: BatchedStream, network: str, waiting: deque[tuple[DuePost, str]]
    ) -> None:
        """Make the batches of posts that wait in order, each with its social id."""
        self._source = source
        self._stream = stream
        self._network = network
        self._waiting = waiting
        self._known = {post for post, _ in waiting}
        self._size, self._most = FIRST, MOST
        self._read_by: dict[DuePost, asyncio.Event] = {}
        self._blocks: dict[DuePost, Any] = {}
        self._requests = 0
        self._proof = BatchProof(source, stream, network)
        self._proving = asyncio.Lock()

    async def block(self, post: DuePost) -> tuple[Any, int]:
        """Return the block of a post, and the requests that aren't counted yet; None: the post is asked for singly."""
        if post not in self._known:
            return None, 0
        if post in self._read_by:
            await self._read_by[post].wait()
        else:
            chunks = [self._next_chunk(post) for _ in range(SIDE_BY_SIDE if self._proof.is_proven else 1)]
            await asyncio.gather(*(self._read(chunk) for chunk in chunks if chunk))
        requests, self._requests, self._proof.requests = self._requests + self._proof.requests, 0, 0
        return self._blocks.pop(post, None), requests

    def _next_chunk(self, post: DuePost) -> list[tuple[DuePost, str]]:
        """Return the posts that wait, up to this one and as many as a batch takes."""
        chunk: list[tuple[DuePost, str]] = []
        done = asyncio.Event()
        while self._waiting and (post not in self._read_by or len(chunk) < self._size):
            chunk.append(self._waiting.popleft())
            self._read_by[chunk[-1][0]] = done
        return chunk

    async def _read(self, chunk: list[tuple[DuePost, str]]) -> None:
        """Ask for a chunk, in smaller batches if the API can't answer for that many."""
        done = self._read_by[chunk[0][0]]
        try:
            while chunk and not self._proof.is_off:
                size = min(self._size, len(chunk))
                if await self._read_batch(chunk[:size]):
                    chunk = chunk[size:]
        except Refused as refused:
            if refused.refusal.scope is not Scope.STREAM or refused.refusal.rule.closes_kind:
                raise
            logger.warning(
                "profile %s: no batches (%s): posts are requested singly; set bulk_analytics to off for the default "
                "schedule of single requests",
                self._source.label,
                refused.refusal,
            )
            self._source.networks.unbatched.update(NETWORKS)
        finally:
            done.set()

    async def _read_batch(self, batch: list[tuple[DuePost, str]]) -> bool:
        """Ask for a batch and keep its blocks; return whether its posts are done with."""
        if len(batch) < LEAST:
            return True
        async with self._proving:
            if self._proof.is_off:
                # The batch before this one was wrong, or refused.
                return True
            if not self._proof.is_proven:
                return await self._prove(batch)
        found = await self._ask(batch)
        if found:
            self._blocks |= await self._proof.trusted(found)
        return found is not None

    async def _prove(self, batch: list[tuple[DuePost, str]]) -> bool:
        """Ask for a batch while it isn't known whether batches are right."""
        client = self._source.client
        before, sent = client.pacer.count, client.sent - client.pacer.in_flight
        found = await self._ask(batch)
        if found and before is not None:
            self._warn_of_cost(before + client.sent - sent, len(batch))
        if found:
            self._blocks |= await self._proof.prove(found)
        return found is not None

    def _warn_of_cost(self, expected: int, ids: int) -> None:
        """Log once if the API counts each post of a batch: its count is far above what one request each makes."""
        count, in_flight = self._source.client.pacer.count, int(self._source.client.lanes.size)
        # The count may be that of an answer that was overtaken.
        if (
            count is not None
            and count - expected >= max(ids // 2, in_flight + 1)
            and not self._source.networks.proven_batches
        ):
            logger.warning(
                "profile %s: the API counts each post of a batch: batches save time but no quota", self._source.label
            )

    async def _ask(self, batch: list[tuple[DuePost, str]]) -> dict[DuePost, Any] | None:
        """Ask for a batch; return its blocks by post, None if it is to be asked in smaller ones."""
        by_id = {social_id: post for post, social_id in batch}
        body = {"postIds": list(by_id), "platforms": [self._network], "searchPlatformId": True}
        request = POST_ANALYTICS.request(self._stream.name, body=body, networks=(self._network,))
        # It is retried with fewer ids, and what refuses a batch need not refuse the profile.
        request = replace(request, tries=1, may_be_refused=True)
        if self._network == X:
            # Its allowance is in posts, so far as is known.
            self._source.memory.count_x(len(batch) - 1)
        answer = await self._source.attempt(request)
        self._requests += answer.sent
        if answer.body is None and any(refusal.transient for refusal in answer.refusals):
            # It doesn't grow again: what was too much for the API once is so the next time.
            self._size = self._most = len(batch) // 2
            if self._size < LEAST:
                self._source.networks.unbatched.add(self._network)
            return None
        self._size = min(self._most, max(self._size, len(batch) * 2))
        return {by_id[social_id]: block for social_id, block in self._elements(answer).items() if social_id in by_id}

    def _elements(self, answer: Answer) -> dict[str, dict[str, Any]]:
        """Return the blocks of a batch by social id: they come as an array, as one object, or by id."""
        block = good_blocks(answer.body).get(self._network)
        if isinstance(block, dict) and "analytics" not in block and "id" not in block:
            block = [{"id": social_id, **one} for social_id, one in block.items() if isinstance(one, dict)]
        # A thread is a list of its own, and an id that comes twice is no better: both are asked for singly.
        items = [one for one in block if isinstance(one, dict)] if isinstance(block, list) else block
        elements = [one for one in good_elements(items) if isinstance(one.get("analytics"), dict)]
        ids = [text(one.get("id")) for one in elements]
        if answer.body is not None and block is not None and not any(ids):
            self._proof.turn_off("batch_unknown", "the form of a batch isn't known")
        return {str(known): one for known, one in zip(ids, elements, strict=True) if known and ids.count(known) == 1}
