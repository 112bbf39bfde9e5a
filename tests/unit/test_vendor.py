"""The engine reads any API: here one with a token bucket, pages behind cursors, and items that are gone."""

import asyncio
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tap_ayrshare import engine
from tap_ayrshare.engine.client import ProfileClient
from tap_ayrshare.engine.coverage import Coverage
from tap_ayrshare.engine.errors import UNREAD, Refusal, Rule, Scope
from tap_ayrshare.engine.exchange import Answer, Request
from tap_ayrshare.engine.exchange import Options as HttpOptions
from tap_ayrshare.engine.messages import Checkpoint, Ended, Issue, Record, Status
from tap_ayrshare.engine.quota import Limits
from tap_ayrshare.engine.sync import Options, Sync
from tap_ayrshare.engine.tally import Tally
from tap_ayrshare.engine.transport import Client

# The vendor: begin

GONE = Rule(Scope.RESOURCE, failure=False, action="skipped: it is gone")


class Parcels(Client):
    """Has 40 parcels, 15 on a page; every seventh is gone. A bucket of ten tokens, full again after each wait."""

    tokens, refused = 10, 0

    async def send(self, request, headers):
        self.tokens -= 1
        if self.tokens < 0:
            self.tokens, self.refused = 10, self.refused + 1
            return 429, {"Retry-After": "0.01"}, b""
        if request.path == "/parcels":
            first = int(request.query.get("cursor", 0))
            after = {"after": first + 15} if first + 15 < 40 else {}
            return 200, {}, json.dumps({"parcels": list(range(first, min(40, first + 15))), **after}).encode()
        number = int(request.path.rsplit("/", 1)[1])
        return (404, {}, b"gone") if number % 7 == 0 else (200, {}, json.dumps({"weight": number}).encode())


def judge(request, status, body):
    if status == 200 and isinstance(body, dict):
        return Answer(status, body, [])
    return Answer(status, None, [Refusal(GONE if status == 404 else UNREAD, f"http_{status}", "no parcel", status)])


@dataclass
class Depot:
    label: str
    client: ProfileClient
    coverage: Coverage = field(default_factory=Coverage)
    notes: list = field(default_factory=list)

    def bookmark(self, _stream):
        return {}

    def resolve(self, issue):
        return issue


class ParcelStream:
    name, takes_turns, leader = "parcels", True, ""

    def in_future(self, _source, _bookmark):
        return False

    async def read(self, source, _bookmark):
        cursor = "0"
        while cursor:
            page = (await source.client.ask(Request("GET", "/parcels", self.name, {"cursor": cursor}))).body
            cursor = str(page.get("after", ""))
            asked = [source.client.ask(Request("GET", f"/parcels/{n}", self.name)) for n in page["parcels"]]
            for number, answer in zip(page["parcels"], await asyncio.gather(*asked), strict=True):
                yield [Issue(self.name, refusal, str(number)) for refusal in answer.refusals]
                yield [Record(self.name, {"id": number, **answer.body})] if answer.body else []
            yield [Checkpoint(self.name, {"cursor": cursor})]


# The vendor: end


def test_a_vendor_with_a_token_bucket_cursors_and_404s_is_read_in_under_80_lines():
    options = HttpOptions("https://parcels.example", "key-of-the-vendor", "test", 5, None, 4, 4, 1000, 1, 0)

    async def read():
        client = Parcels(options, ["key-of-the-vendor"])
        depots = [Depot(name, ProfileClient(client, name, judge, limits=Limits("x-tokens"))) for name in ("a", "b")]
        work = [(depot, [ParcelStream()]) for depot in depots]
        sync = Sync(client, work, Tally(), Options(datetime.now(timezone.utc), has_budget=False, fail_on_error=False))
        return client, [item.message async for item in sync.items()]

    client, messages = asyncio.run(read())
    records = Counter(message.values["id"] for message in messages if isinstance(message, Record))
    gone = Counter(message.resource for message in messages if isinstance(message, Issue))
    assert records == {number: 2 for number in range(40) if number % 7}
    assert gone == {str(number): 2 for number in range(0, 40, 7)}
    assert [message.status for message in messages if isinstance(message, Ended)] == [Status.COMPLETE] * 2
    assert client.refused
    source = Path(__file__).read_text()
    assert len(source.split("# The vendor: begin")[1].split("# The vendor: end")[0].splitlines()) < 80


WORDS = re.compile(
    r"replication_?key|published_at|ratelimit|profile-key|suspen|singer|tiktok|instagram|facebook|pinterest"
    # The network between two machines is no vendor's.
    r"|(?<!check api_url and the )\bnetworks?\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("module", sorted(Path(engine.__file__).parent.glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_the_engine_knows_no_vendor_by_name(module):
    assert WORDS.findall(module.read_text()) == []
