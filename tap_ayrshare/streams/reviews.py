"""Reviews of Google Business locations and Facebook pages, and their totals (GET /reviews)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.columns import read_columns
from tap_ayrshare.ayrshare.endpoints import CUT_SHORT, REVIEWS
from tap_ayrshare.ayrshare.envelopes import as_elements, good_blocks
from tap_ayrshare.engine.errors import Refusal
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import dig, integer, text
from tap_ayrshare.streams.by_network import NetworkSnapshotStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_ayrshare.engine.exchange import Answer, Request
    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source

STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
RECOMMENDED = {"POSITIVE": True, "NEGATIVE": False}
"""The words of Google Business and of Facebook (docs/api.md section 10)."""


class OfReviewsStream(NetworkSnapshotStream):
    """A stream that reads the reviews of a network."""

    reads = "reviews"

    def request(self, network: str) -> Request:
        """See `NetworkSnapshotStream.request`."""
        return REVIEWS.request(self.name, {"platform": network}, networks=(network,))


class ReviewsStream(OfReviewsStream):
    """The reviews of a profile, a row for each; its answers serve review_totals too."""

    name = "reviews"
    serves = ("review_totals",)

    def messages(self, source: Source, network: str, answer: Answer) -> Batch:
        """Return the reviews of a network as records."""
        reviews = as_elements(good_blocks(answer.body).get(network))
        total = integer(dig(answer.body, ("totalReviewCount",)))
        if total and not reviews:
            refusal = Refusal(CUT_SHORT, "list_cut", f"the answer counts {total} reviews and none came", answer.status)
            source.note(Issue(self.name, refusal, platform=network))
        words = {"rating_value": _meaning(STARS), "is_recommended": _meaning(RECOMMENDED)}
        return self.records(source, reviews, network=network, around=answer.body, more=words)


class ReviewTotalsStream(OfReviewsStream):
    """The average rating and the number of reviews, a snapshot a day."""

    name = "review_totals"

    def messages(self, source: Source, network: str, answer: Answer) -> Batch:
        """Yield the totals of a network if it gives any, as Google Business alone does."""
        totals = read_columns(self.name, network, {}, answer.body)
        if any(totals[name] is not None for name in ("average_rating", "total_reviews")):
            yield self.record(source, {"platform": network, **totals})


def _meaning(words: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """Return a function that returns what the word of a review's rating means, None for any other word."""
    return lambda review: words.get((text(review.get("rating")) or "").strip().upper())
