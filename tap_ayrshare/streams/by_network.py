"""Streams that ask network by network: one network's failure must not affect the others."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.concurrency import in_order
from tap_ayrshare.engine.errors import Refused, Scope
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.bookmarks import NetworksBookmark

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence

    from tap_ayrshare.engine.errors import Refusal
    from tap_ayrshare.engine.exchange import Answer, Request
    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source


class ByNetworkStream(AyrshareStream):
    """A stream that asks network by network, and whose bookmark has dates of networks.

    reads: what a network must have.
    """

    bookmark = NetworksBookmark
    reads: ClassVar[str]

    def expected(self, source: Source) -> int | None:
        """See `AyrshareStream.expected`."""
        networks = source.networks.known(self.reads)
        return None if networks is None else len(networks)

    async def answers(
        self, source: Source, networks: Sequence[str], read_on: Mapping[str, str], request: Callable[[str], Request]
    ) -> AsyncGenerator[tuple[str, Answer], None]:
        """Yield networks, each with its answer.

        Under a request budget those come first that have waited longest, without those of today, as `read_on` says.

        Raises:
            Refused: the API refuses the stream, the profile or the run.
            BudgetSpent: the request budget is spent.
        """

        async def ask(network: str) -> tuple[str, Answer]:
            return network, await source.attempt(request(network))

        waiting = sorted(networks, key=lambda network: read_on.get(network, ""))
        if source.settings.request_budget is not None:
            waiting = [network for network in waiting if read_on.get(network) != source.snapshot.date]
        async with aclosing(in_order(map(ask, waiting), source.ahead)) as answers:
            async for network, answer in answers:
                source.take(request(network), answer, platform=network)
                yield network, answer


class NetworkSnapshotStream(ByNetworkStream):
    """A snapshot a day of every network that has one; its answers may serve other streams of this kind."""

    def expected(self, source: Source) -> int | None:
        """Return a request for each network; none if another stream serves this one."""
        return 0 if self._is_led(source) else super().expected(source)

    @abstractmethod
    def request(self, network: str) -> Request:
        """Return the request for a network; only a leader's is sent while it is selected."""

    @abstractmethod
    def messages(self, source: Source, network: str, answer: Answer) -> Batch:
        """Return what an answer holds for this stream."""

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:  # noqa: ARG002
        """Read every network; what a budget leaves over comes first next time."""
        if self._is_led(source):
            return
        readers = [one for one in self._readers(source) if not source.is_read_today(one.name)]
        if not readers:
            return
        able = await source.networks.able(self.reads, self.name)
        networks = [network for network in able if any(one.can_read(network) for one in readers)]
        read_on = {one.name: dict(source.bookmark(one.name).get("read_on", {})) for one in readers}
        # A network has been read once every stream that reads it has it.
        oldest = {
            network: min(read_on[one.name].get(network, "") for one in readers if one.can_read(network))
            for network in networks
        }
        try:
            async with aclosing(self.answers(source, networks, oldest, self.request)) as answers:
                async for network, answer in answers:
                    for one in readers:
                        if one.can_read(network):
                            self._share(source, one, network, answer)
                            yield one.messages(source, network, answer)
                            read_on[one.name][network] = source.snapshot.date
        except BudgetSpent:
            yield [
                one.checkpoint(source.bookmark(one.name).get("replication_key_value"), read_on=read_on[one.name])
                for one in readers
            ]
            raise
        except Refused as refused:
            self._refuse(source, readers, refused.refusal)
            raise
        yield [one.checkpoint(source.snapshot.date) for one in readers]

    def _refuse(self, source: Source, readers: Sequence[NetworkSnapshotStream], refusal: Refusal) -> None:
        """Say for the streams that this one serves, too, that the stream is refused."""
        for one in readers if refusal.scope is Scope.STREAM else ():
            if one is not self:
                source.stats(one.name).stop(refusal)
                source.note(Issue(one.name, refusal))

    def can_read(self, network: str) -> bool:
        """Return whether a network has what this stream reads."""
        return self.reads in NETWORKS[network].reads

    def _is_led(self, source: Source) -> bool:
        """Return whether another stream asks for this one in this run."""
        return bool(self.leader) and not self.in_future(source, source.bookmark(self.leader))

    def _readers(self, source: Source) -> list[NetworkSnapshotStream]:
        """Return the streams that this one's answers are for."""
        served = [one for one in self.served if isinstance(one, NetworkSnapshotStream)]
        return [self, *(one for one in served if not one.in_future(source, source.bookmark(one.name)))]

    def _share(self, source: Source, one: NetworkSnapshotStream, network: str, answer: Answer) -> None:
        """Count an answer for a stream that it serves, too: what can't be read is missing from both."""
        if one is not self:
            source.take(one.request(network), answer, platform=network, requests=0)


def relate(streams: Sequence[AyrshareStream]) -> None:
    """Let the streams of a run know whose records their answers hold too, and snapshots which of them asks for them."""
    by_name = {one.name: one for one in streams}
    for stream in streams:
        stream.served = [by_name[name] for name in stream.serves if name in by_name]
        for one in stream.served if isinstance(stream, NetworkSnapshotStream) else ():
            one.leader = stream.name
