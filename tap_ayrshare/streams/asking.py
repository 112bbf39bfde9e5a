"""Asking for a post on its networks: in batches or by itself, again without those that are refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.envelopes import good_blocks
from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.errors import UNREAD, Refusal, Scope
from tap_ayrshare.engine.exchange import Answer
from tap_ayrshare.posts.attempts import Ending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_ayrshare.posts.due import DuePost
    from tap_ayrshare.streams.batch_proof import BatchedStream
    from tap_ayrshare.streams.batches import Batches
    from tap_ayrshare.streams.source import Source

LONGEST_WAIT = 2.0
"""Seconds to wait for a STATE before asking for more than it should leave uncovered."""
MOST_UNCOVERED = 80
"""Requests that no STATE covers which is out: more of them would be repeated after a kill."""
BAD_PARAMETERS = "101"


@dataclass
class Found:
    """What became of asking for a post.

    blocks: by network, what came. answer: the last answer. refusals: what was refused.
    asked: the networks for which there is an answer, of whatever kind.
    unasked: those that have to wait, or that the API refuses for all posts: for them nothing has been read.
    is_unfinished: whether the budget ended before an answer came.
    """

    blocks: dict[str, Any] = field(default_factory=dict)
    answer: Answer | None = None
    refusals: list[Refusal] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    unasked: set[str] = field(default_factory=set)
    requests: int = 0
    is_unfinished: bool = False

    @property
    def ending(self) -> Ending:
        """How asking ended."""
        if self.is_unfinished:
            return Ending.UNFINISHED
        if self.answer is None:
            return Ending.UNASKED
        return Ending.SILENT if self._is_silent else Ending.ANSWERED

    @property
    def _is_silent(self) -> bool:
        """Whether nothing came that speaks of this post.

        An outage that outlasts its retries, a 4xx without a code as a gateway answers it, or code 101.
        """
        if self.answer is None or self.answer.body is not None or self.blocks:
            return False
        of_the_post = [refusal for refusal in self.refusals if refusal.scope is Scope.RESOURCE]
        return bool(of_the_post) and all(
            refusal.transient or refusal.code == BAD_PARAMETERS or refusal.code.startswith("http_4")
            for refusal in of_the_post
        )


class Asker:
    """Asks for the posts of a pass.

    batches: those of the posts, None where they are asked for singly.
    """

    def __init__(self, source: Source, stream: BatchedStream, *, waits_for_state: bool) -> None:
        self._source = source
        self._stream = stream
        self._waits_for_state = waits_for_state
        self._sent_before, self._covered_before = source.client.sent, source.coverage.covered
        self._probed: dict[DuePost, Found] = {}
        self.batches: Batches | None = None

    async def ask_in_turn(self, post: DuePost, *, in_batches: bool) -> tuple[DuePost, Found]:
        """Ask for a post once there is room for a request that no STATE covers."""
        coverage = self._source.coverage
        while self._waits_for_state and coverage.is_written and self._uncovered >= MOST_UNCOVERED:
            if not await coverage.wait(LONGEST_WAIT):
                # What is on its way may need the answer to this very request.
                break
        found = self._probed.get(post) or await self.ask(post, in_batches=in_batches)
        stats = self._source.stats(self._stream.name)
        stats.asked += 1
        stats.taken += found.requests
        return post, found

    @property
    def _uncovered(self) -> int:
        sent = self._source.client.sent - self._sent_before
        return sent - max(0, self._source.coverage.flushed - self._covered_before)

    async def probe(self, posts: Sequence[DuePost]) -> bool | None:
        """Return whether the API answers for any of the posts, None if the budget ends before; each is asked once."""
        for post in posts:
            if post not in self._probed:
                found = await self.ask(post)
                if found.is_unfinished:
                    return None
                self._probed[post] = found
            if self._probed[post].ending is not Ending.SILENT:
                return True
        return False

    async def ask(self, post: DuePost, *, in_batches: bool = True) -> Found:
        """Ask for a post, and again without networks that are refused."""
        found = Found()
        try:
            rest = await self._ask_batches(post, found) if in_batches else post.networks
            if rest or not post.networks:
                await self._ask_networks(post, rest, found)
        except BudgetSpent:
            found.is_unfinished = not found.blocks
            # What came is written; the rest of its networks has not been read.
            found.unasked |= set(post.networks) - found.asked if found.blocks else set()
        return found

    async def _ask_batches(self, post: DuePost, found: Found) -> tuple[str, ...]:
        """Take a post's blocks from batches; return the networks that are left."""
        if self.batches is None:
            return post.networks
        open_networks = self._source.networks.open(self._stream.name, post.networks)
        blocks, requests = await self.batches.blocks(post, open_networks)
        found.requests += requests
        if blocks:
            found.blocks.update(blocks)
            found.asked.update(blocks)
            found.answer = Answer(HTTPStatus.OK, blocks, [], 0)
        return tuple(network for network in post.networks if network not in blocks)

    async def _ask_networks(self, post: DuePost, wanted: tuple[str, ...], found: Found) -> None:
        """Ask for a post on some networks: all at once, then without those that are refused, at worst one by one."""
        source = self._source
        while True:
            networks = tuple(source.networks.open(self._stream.name, wanted))
            found.unasked |= source.networks.left_out & set(wanted)
            if wanted and not networks:
                return
            answer = found.answer = await source.attempt(self._stream.request(post, networks))
            found.requests += answer.sent
            found.blocks.update(good_blocks(answer.body))
            of_networks = [refusal for refusal in answer.refusals if refusal.scope is Scope.PART]
            if len(networks) > 1 and any(refusal.platform is None for refusal in of_networks):
                # The answer doesn't say which network it is about: each is asked by itself.
                for network in networks:
                    await self._ask_networks(post, (network,), found)
                return
            found.asked.update(networks)
            found.refusals += answer.refusals
            refused = self._leave_out(post, found, of_networks)
            if answer.refusal and refused and not refused & set(networks):
                self._refuse_for_others(found, networks, of_networks)
                return
            if answer.refusal is None or not refused or len(networks) == 1 or post.anywhere:
                return
            source.remark(
                f"{self._stream.name}: a post was requested again without {', '.join(sorted(refused))}, "
                "which had left its other networks without a response"
            )

    def _leave_out(self, post: DuePost, found: Found, refusals: Sequence[Refusal]) -> set[str]:
        """Leave networks out for the rest of the run that refuse all posts; return those that are named."""
        refused = {refusal.platform: refusal for refusal in refusals if refusal.platform}
        for network, refusal in refused.items() if not post.anywhere else ():
            self._source.networks.leave_out(network, refusal.rule)
            # A refusal is no reading.
            found.unasked.add(network)
        return set(refused)

    @staticmethod
    def _refuse_for_others(found: Found, networks: tuple[str, ...], refusals: list[Refusal]) -> None:
        """Note that networks which weren't asked for refuse a post: what those have that were isn't known."""
        if all(refusal.rule.stays_due for refusal in refusals):
            found.unasked |= set(networks)
        else:
            found.refusals.append(replace(refusals[0], rule=UNREAD, platform=None, transient=False))
