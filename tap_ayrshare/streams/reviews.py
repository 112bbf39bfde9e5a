"""Reviews of Google Business locations and Facebook pages, and their totals (GET /reviews)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import good_blocks, good_elements
from tap_ayrshare.ayrshare.contract import first
from tap_ayrshare.ayrshare.endpoints import REVIEWS
from tap_ayrshare.ayrshare.rows import freshness, usable_id
from tap_ayrshare.engine.values import integer, number, text, timestamp
from tap_ayrshare.streams.by_network import NetworkSnapshotStream

if TYPE_CHECKING:
    from tap_ayrshare.engine.client import Answer, Request
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

    def __init__(self) -> None:
        super().__init__()
        self.followers = (ReviewTotalsStream(),)

    def messages(self, source: Source, network: str, answer: Answer) -> Batch:
        """Yield the reviews of a network, each id once; one without an id is noted."""
        seen: set[str] = set()
        for position, review in enumerate(good_elements(good_blocks(answer.body).get(network))):
            review_id = usable_id(review.get("id"))
            if review_id is None:
                source.note_no_id(self.name, position, review, network)
            elif review_id not in seen:
                seen.add(review_id)
                row = {"platform": network, **_review(network, review), **freshness(answer.body)}
                yield self.record(source, row)


class ReviewTotalsStream(OfReviewsStream):
    """The average rating and the number of reviews, a snapshot a day."""

    name = "review_totals"
    leader = ReviewsStream.name

    def messages(self, source: Source, network: str, answer: Answer) -> Batch:
        """Yield the totals of a network if it gives any, as Google Business alone does."""
        body = answer.body or {}
        totals = {
            "average_rating": number(body.get("averageRating")),
            "total_reviews": integer(body.get("totalReviewCount")),
        }
        if any(value is not None for value in totals.values()):
            yield self.record(source, {"platform": network, **totals, **freshness(body)})


def _review(network: str, review: dict[str, Any]) -> dict[str, Any]:
    def value(column: str) -> Any:
        return first("review_fields", network, column, review)

    rating = text(value("rating"))
    word = (rating or "").strip().upper()
    return {
        "review_id": usable_id(value("review_id")),
        "rating": rating,
        "rating_value": STARS.get(word),
        "is_recommended": RECOMMENDED.get(word),
        "text": text(value("text")),
        "created_at": timestamp(value("created_at")),
        "updated_at": timestamp(value("updated_at")),
        "reviewer_id": text(value("reviewer_id")),
        "reviewer_name": text(value("reviewer_name")),
        "reviewer_url": text(value("reviewer_url")),
        "reply_text": text(value("reply_text")),
        "reply_updated_at": timestamp(value("reply_updated_at")),
        "review": review,
    }
