"""What `--test` and the first lines of a run promise, against what a run then does."""

import asyncio
import random
import re
from datetime import timedelta

import pytest

from tap_ayrshare.ayrshare.judge import judge
from tap_ayrshare.preview.survey import MOST_PAGES, count_posts
from tests.world import START, Post, World, posts

NETWORKS = ("facebook", "twitter", "threads")
OPEN = {"x_daily_requests": 10**6}
TOLD = re.compile(r"makes (?:about|at least) ([\d,]+)(?: \(([\d,]+) to ([\d,]+)\))? requests")


def account(count: int, seed: int = 1) -> World:
    """An account that posted more in some months than in others, on its networks and not only by Ayrshare."""
    chance, moment, sent = random.Random(seed), START, []
    for number in range(count):
        months = (START - moment).days // 30
        moment -= timedelta(hours=8 * chance.expovariate(1) * (0.3 + 2 * random.Random(f"{seed} {months}").random()))
        networks = tuple(sorted(chance.sample(NETWORKS, chance.randint(1, 2))))
        sent.append(Post(f"p{number:05}", moment, networks))
    native = {
        network: sorted(
            [(f"{network}-{post.post_id}", post.published) for post in sent if network in post.networks]
            + [(f"own-{network}-{number}", START - number * timedelta(days=2)) for number in range(count // 10)],
            key=lambda post: post[1],
            reverse=True,
        )
        for network in NETWORKS
    }
    return World(sent, native, linked=NETWORKS)


def told(output) -> tuple[int, int, int]:
    """The number of requests that is promised: about, at least, at most."""
    about, low, high = TOLD.search(output.log).groups()
    numbers = [int((text or about).replace(",", "")) for text in (about, low, high)]
    return numbers[0], numbers[1], numbers[2]


@pytest.mark.parametrize("count", [0, 40, 650, 2000])
@pytest.mark.parametrize("batches", ["off", "auto"])
def test_a_first_run_makes_as_many_requests_as_told(count, batches):
    world = account(count)
    about, _, _ = told(world.test(bulk_analytics=batches))
    asked = len(world.requests)
    run = world.run(bulk_analytics=batches, **OPEN)
    made = len(world.requests)
    assert run.code == 0
    assert abs(about - made) <= max(3, 0.25 * made)
    assert asked <= 30


@pytest.mark.parametrize("start_days", [30, 200])
def test_a_start_date_is_counted_from(start_days):
    world = account(1500)
    start = {"start_date": (START - timedelta(days=start_days)).isoformat()}
    about, _, _ = told(world.test(**start))
    world.run(**start, **OPEN)
    assert abs(about - len(world.requests)) <= 0.25 * len(world.requests)


def test_many_profiles_of_twenty_thousand_posts():
    count = 6
    profiles = [{"name": f"client{n:02}", "profile_key": f"key-of-client-{n:02}"} for n in range(count)]
    world = account(20_000)
    world.native = {}
    output = world.test(profiles=profiles, include_primary_profile=False)
    about, low, high = told(output)
    asked = len(world.requests)
    # A run asks for each post once, as tested above; and for accounts, totals and so on, and 45 windows of the history.
    made = count * (20_000 + 46 + 6) + 1
    assert abs(about - made) <= 0.25 * made
    assert low <= made <= high
    assert asked <= count * (MOST_PAGES + 6)
    assert "post_analytics: a request for each post" in output.log


@pytest.mark.parametrize("seed", range(25))
def test_any_history_is_counted_in_a_few_requests(seed):
    """Histories with months of twenty times as many posts as others."""
    chance, moment, sent = random.Random(seed), START, []
    for number in range(chance.choice((3, 999, 1000, 1001, 4000, 15_000))):
        pace = random.Random(f"{seed} {number // 1500}").choice((0.5, 2, 10))
        moment -= timedelta(hours=chance.expovariate(1) * pace)
        sent.append(Post(f"p{number}", moment))
    world = World(sent)

    async def ask(request):
        asked.append(request)
        status, body = world.answer(request.path, request.query)
        return judge(request, status, body, profile_key=False)

    asked = []
    counted = asyncio.run(count_posts(ask, None, START))
    assert len(asked) <= MOST_PAGES
    assert counted.is_whole
    assert counted.count.about == pytest.approx(len(sent), rel=0.35)


def test_the_report_says_what_dominates_and_what_would_cut_it():
    world = World(posts(3), {"threads": [(f"n{n}", START - n * timedelta(hours=3)) for n in range(900)]}, ("threads",))
    log = world.test(rate_limit_requests=300, rate_limit_window_seconds=300).log
    assert "it takes about 15 minutes." in log
    assert "98% of it is social_post_analytics: a request for each native post that Ayrshare did not send." in log
    assert "deselect social_post_analytics (98% fewer requests)" in log
    assert "bulk_analytics: auto" in log
    assert "set start_date" in log


def test_a_history_that_can_not_be_read_is_said():
    world = World(posts(3))
    world.fault = lambda path, _: (500, {}) if path == "/history" else None
    log = world.test().log
    assert "posts                   no: http_500" in log


@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_run_tells_its_plan_once_all_posts_are_listed(concurrency):
    """What is on its way when the plan is made is counted once."""
    world = World(posts(200), {"facebook": [("n1", START)]}, latency=0.05)
    output = world.run(max_concurrency=concurrency)
    plans = [line for line in output.log.splitlines() if line.startswith("This run makes ")]
    assert len(plans) == 1
    about, _, _ = told(output)
    assert abs(about - len(world.requests)) <= 1
