"""What is counted of a stream that was stopped before its end."""

import pytest

from tap_ayrshare.engine.errors import Refusal, Rule, Scope
from tap_ayrshare.engine.tally import Stats


@pytest.mark.parametrize(
    ("failure", "stays_due", "records", "is_due", "is_skipped"),
    [
        # A refusal: nothing came, or what came before it is kept and the rest stays due.
        (False, False, 0, False, True), (False, False, 3, True, False), (False, True, 0, True, False),
        # A failure is one, whatever came before it.
        (True, False, 0, False, False), (True, False, 3, False, False), (True, True, 0, True, False),
    ],
)  # fmt: skip
def test_what_stops_a_stream(failure, stays_due, records, is_due, is_skipped):
    stats = Stats()
    for _ in range(records):
        stats.count_record()
    stats.stop(Refusal(Rule(Scope.STREAM, failure=failure, action="x", stays_due=stays_due), "400", "no"))
    assert (bool(stats.stays_due), bool(stats.skipped), bool(stats.failed)) == (is_due, is_skipped, failure)
