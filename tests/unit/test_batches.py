"""Batches of posts: the same rows as without them, in fewer requests, whatever the API makes of them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import examples
from tests.world import START, World, errors, posts

ANALYTICS = ("posts", "post_analytics", "extraction_errors")
NATIVE = ("social_post_analytics", "extraction_errors")
BOTH = ("facebook", "instagram")


def metrics(native_id: str) -> dict:
    """Other metrics for each post, the same whoever asks."""
    return {"likeCount": sum(map(ord, native_id)), "commentsCount": len(native_id)}


class Batched(World):
    """A world that answers batches; `shape` and `fails` say how."""

    shape = "array"
    lies = False
    lost = frozenset()
    most = 100
    refuses = None

    def answer(self, path, given):
        if path != "/analytics/post":
            return super().answer(path, given)
        if "postIds" not in given:
            ids = {
                n: given["id"] if given.get("searchPlatformId") else f"{n}-{given['id']}" for n in given["platforms"]
            }
            return 200, {n: {"id": i, "analytics": metrics(i)} for n, i in ids.items()} | {"status": "success"}
        if self.refuses:
            return self.refuses
        if len(given["postIds"]) > self.most:
            return 504, None
        (network,) = given["platforms"]
        found = [{"id": i, "analytics": metrics(i)} for i in given["postIds"] if i not in self.lost]
        if self.lies:
            found[0]["analytics"]["likeCount"] += 1
        shapes = {
            "array": found,
            "object": found[0] if len(found) == 1 else found,
            "by_id": {one["id"]: {"analytics": one["analytics"]} for one in found},
            "rows": {"rows": [list(one.values()) for one in found]},
        }
        return 200, {network: shapes[self.shape], "status": "success"}

    def batches(self):
        return [given for given in self.asked() if "postIds" in given]


def rows(output, stream="post_analytics"):
    return sorted(
        tuple(sorted((k, str(v)) for k, v in record.items() if k != "extracted_at"))
        for record in output.records(stream)
    )


def account(count=120, **more) -> Batched:
    return Batched(posts(count, timedelta(hours=2), networks=BOTH), linked=BOTH, **more)


def compared(world: Batched, *select, **config):
    """Return a run with batches, whose rows are the same as without."""
    single = world.run(*select, **config)
    output = world.run(*select, bulk_analytics="auto", **config)
    assert (single.code, output.code) == (0, 0)
    assert rows(single, select[-2]) == rows(output, select[-2]) != []
    return output


def test_batches_bring_the_same_rows_in_a_fraction_of_the_requests():
    world = account(2000)
    world.run(*ANALYTICS)
    single = len(world.requests)
    output = compared(world, *ANALYTICS)
    assert len(world.requests) <= single / 25
    assert not errors(output)
    assert {len(given["postIds"]) for given in world.batches()} >= {25, 50, 100}


def test_batches_of_a_network_are_in_flight_side_by_side_once_it_is_proven():
    world = account(1000, latency=0.02)
    world.run(*ANALYTICS, bulk_analytics="auto")
    sizes = Counter(len(given["postIds"]) for given in world.batches())
    # Of each network: the one that is proven and the one that waits for it, four at once, twice four, and the rest.
    assert sizes == {25: 2 * 2, 50: 2 * (4 + 1), 100: 2 * 7}


def test_off_is_as_ever():
    world = account(30)
    world.run(*ANALYTICS, bulk_analytics="off")
    asked = list(world.requests)
    world.run(*ANALYTICS)
    assert (world.batches(), sorted(map(str, world.requests))) == ([], sorted(map(str, asked)))


@pytest.mark.parametrize("shape", ["array", "object", "by_id"])
def test_every_shape_is_read(shape):
    world = account(60)
    world.shape = shape
    compared(world, *ANALYTICS)
    assert len(world.asked()) < 15


def test_an_unknown_shape_is_said_once_and_read_singly():
    world = account(60)
    world.shape = "rows"
    output = compared(world, *ANALYTICS)
    assert {(resource, code) for _, resource, _, code in errors(output)} == {("all", "batch_unknown")}
    assert len(world.batches()) == 2


def test_a_batch_with_other_metrics_is_not_trusted():
    world = account(60)
    world.lies = True
    output = compared(world, *ANALYTICS)
    assert {code for *_, code in errors(output)} == {"batch_differs"}
    assert len(world.batches()) == 2


def test_posts_that_a_batch_lacks_are_read_singly():
    world = account(120)
    world.lost = {f"{n}-{post.post_id}" for post in world.posts[::2] for n in BOTH}
    compared(world, *ANALYTICS)
    assert 60 <= len(world.asked()) < 80


def test_batches_that_wait_for_the_proof_are_not_sent_once_it_fails():
    world = account(60, latency=0.002)
    world.lies = True
    compared(world, *ANALYTICS, max_concurrency=64)
    assert len(world.batches()) == 2


class Empty(Batched):
    """Batches without numbers, or with some: `blank` says of whom, `as_zero` whether they are 0."""

    blank = staticmethod(lambda social_id: True)
    as_zero = False
    posts_are_zero = False

    def answer(self, path, given):
        status, body = super().answer(path, given)
        if path != "/analytics/post":
            return status, body
        for network, block in body.items():
            if network != "status":
                self._empty([block] if isinstance(block, dict) else block, is_batch="postIds" in given)
        return status, body

    def _empty(self, elements, is_batch):
        for element in elements:
            if is_batch and self.blank(element["id"]):
                element["analytics"] = dict.fromkeys(element["analytics"], 0) if self.as_zero else {}
            elif self.posts_are_zero and self.blank(element["id"]):
                element["analytics"] = dict.fromkeys(element["analytics"], 0)


def empty(count=57, **more) -> Empty:
    world = Empty(posts(count, timedelta(hours=2), networks=("facebook",)))
    for name, value in more.items():
        setattr(world, name, value)
    return world


def singles(world) -> list[str]:
    return [given["id"] for given in world.asked() if "id" in given]


def is_odd(social_id: str) -> bool:
    return int(social_id[-4:]) % 2 == 1


@pytest.mark.parametrize("as_zero", [True, False])
def test_batches_without_numbers_prove_nothing(as_zero):
    world = empty(as_zero=as_zero)
    output = compared(world, *ANALYTICS)
    assert {code for *_, code in errors(output)} == {"batch_differs"}
    assert (len(singles(world)), len(set(singles(world))), len(world.batches())) == (57, 57, 1)


@pytest.mark.parametrize("as_zero", [True, False])
def test_posts_without_numbers_among_others_are_asked_for_singly(as_zero):
    world = empty(as_zero=as_zero, blank=is_odd)
    output = compared(world, *ANALYTICS)
    assert not errors(output)
    # And the one that proves the batches right.
    assert len(singles(world)) == len(set(singles(world))) == 28 + 1


def test_an_account_whose_posts_all_have_0_is_read_singly():
    world = empty(120, as_zero=True, posts_are_zero=True)
    output = compared(world, *ANALYTICS)
    assert (len(singles(world)), len(set(singles(world))), len(world.batches())) == (120, 120, 3)
    assert "no batch of facebook has numbers that prove it right" in output.log


def test_a_few_single_answers_prove_that_0_is_0():
    world = empty(200, as_zero=True, posts_are_zero=True, blank=is_odd)
    compared(world, *ANALYTICS)
    assert len(singles(world)) == 1 + 3


@pytest.mark.parametrize(
    "refuses", [(403, {"code": 169, "status": "error"}), (402, {}), (403, {}), (400, {"code": 101, "status": "error"})]
)
def test_a_refusal_turns_batches_off_and_nothing_else(refuses):
    world = account(60)
    world.refuses = refuses
    compared(world, *ANALYTICS)
    assert len([given for given in world.asked() if "id" in given]) == 60


@pytest.mark.parametrize("most", [60, 20, 3, 0])
def test_batches_that_time_out_are_halved(most):
    world = account(300)
    world.most = most
    compared(world, *ANALYTICS)
    assert len([given for given in world.batches() if len(given["postIds"]) > most]) < 12


def test_native_posts_come_in_batches():
    world = Batched(native={"facebook": [(f"n{i:03}", START - timedelta(hours=i + 1)) for i in range(90)]})
    output = compared(world, "social_posts", *NATIVE)
    assert len(world.asked()) < 10
    assert len(output.records("social_post_analytics")) == 90


@settings(max_examples=examples(60), deadline=None)
@given(
    count=st.integers(1, 90), lost=st.sets(st.integers(0, 89)), most=st.sampled_from([100, 30, 10, 0]),
    shape=st.sampled_from(["array", "object", "by_id", "rows"]), lies=st.booleans(), ahead=st.sampled_from([1, 8, 64]),
)  # fmt: skip
def test_any_world_of_batches_has_the_same_rows(count, lost, most, shape, lies, ahead):
    world = account(count, latency=0.0005)
    world.shape, world.most = shape, most
    world.lost = {f"{n}-p{number:04}" for number in lost for n in BOTH}
    world.lies = lies and not lost
    compared(world, *ANALYTICS, max_concurrency=ahead)


def test_with_a_budget_posts_are_asked_for_singly():
    world, found, state = account(40), set(), None
    wanted = rows(world.run(*ANALYTICS))
    for _ in range(20):
        output = world.run(*ANALYTICS, state=state, bulk_analytics="auto", request_budget=8)
        state = output.state
        assert not world.batches()
        found.update(rows(output))
        if "the request budget" not in output.log:
            break
    assert sorted(found) == wanted
