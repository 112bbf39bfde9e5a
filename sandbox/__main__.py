"""`python -m sandbox`: serves the API of a made-up account on this machine until it is told to end."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.account import Account
from sandbox.moments import read_time
from sandbox.posts import SHAPES
from sandbox.replay import Replay
from sandbox.server import Sandbox, application

if TYPE_CHECKING:
    from collections.abc import Sequence


def options(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options given, by default those of the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="port to listen on; 0: any free one")
    add("--now", help="what its clock shows at the start (ISO 8601); default: the real time")
    add("--seed", type=int, default=1, help="another number makes other data (default 1)")
    add("--profiles", type=int, default=2, help="user profiles beside the primary one (default 2)")
    add("--posts", type=int, default=60, help="posts of each profile (default 60)")
    add("--days", type=float, default=120, help="days over which they are spread (default 120)")
    add("--same-second", type=int, default=0, help="how many of them share one second")
    add("--networks-per-post", type=int, default=0, help="networks of each post; 0: one to three")
    add("--native-every", type=int, default=4, help="one native post for every so many; 0: none")
    add("--plain", action="store_true", help="only plain posts, none scheduled, failed, deleted or gone")
    add("--story", action="store_true", help="an agency with three brands, whose posts and numbers read like real ones")
    add("--linked", help="networks linked to every profile, with commas; empty: none")
    add("--latency", type=float, default=0.0, help="seconds until an answer")
    add("--limit", type=int, default=300, help="requests of a profile in a window; 0: no limit (the tap keeps its own)")
    add("--no-limit", dest="limit", action="store_const", const=0, help="the same as --limit 0")
    add("--window", type=float, default=300.0, help="that window in seconds")
    add("--batch-cost", choices=("one", "ids"), default="one", help="what a batch of posts counts against the limit")
    add("--counting", choices=("fixed", "sliding"), default="fixed", help="how windows are counted")
    add("--links", choices=("legacy", "short", "current", "none"), default="legacy", help="the link endpoint")
    add("--native-windows", choices=("exact", "ignored"), default="exact", help="since and until of Facebook's list")
    add("--playlists", choices=("official", "array", "object", "status"), default="official",
        help="form of playlists; all but the official one are guesses")  # fmt: skip
    add("--history-envelope", choices=("whole", "bare"), default="whole", help="what stands around the history")
    add("--numbers-after", type=float, default=0, help="seconds after its publication from which a post has numbers")
    add("--no-numbers", choices=("187", "success"), default="187", help="the answer before: code 187, or as until 2026")
    add("--quota-used", action="store_true", help="the month's post quota of every profile is used up (code 106)")
    add("--facebook", choices=("after", "before"), default="after", help="its fields after, or before 2026-06-15")
    add("--plan", choices=("business", "premium", "basic"), default="business", help="what the plan includes")
    add("--x-keys", choices=("required", "ignored"), default="required", help="whether X needs its keys")
    add("--history-dates", choices=("published", "created"), default="published", help="what windows compare")
    add("--empty-history", choices=("nested", "flat"), default="nested", help="where the error of none stands")
    add("--gzip", action="store_true", help="compress bodies over 1 KB")
    add("--replay", type=Path, metavar="DIRECTORY", help="serve a recording (docs/recording.md) and nothing else")
    add("--faults", type=Path, help="JSON file with a list of fault rules (see sandbox/faults.py)")
    return parser.parse_args(given)


async def start(args: argparse.Namespace) -> tuple[web.AppRunner, dict[str, Any]]:
    """Start to serve; return what ends it, and the settings with which the tap reads it."""
    replay = Replay.read(args.replay) if args.replay else None
    now = read_time(args.now) or (replay and replay.now) or datetime.now(timezone.utc)
    account = Account(
        start=now,
        profiles_wanted=0 if replay else args.profiles,
        posts=0 if replay else args.posts,
        days=args.days,
        seed=args.seed,
        same_second=args.same_second,
        networks_per_post=args.networks_per_post,
        native_every=args.native_every,
        shapes=() if args.plain else SHAPES,
        has_story=args.story,
        linked=None if args.linked is None else tuple(name for name in args.linked.split(",") if name),
    )
    sandbox = Sandbox(account, now, vars(args), replay)
    if args.faults:
        sandbox.faults.replace(json.loads(args.faults.read_text(encoding="utf-8")))
    runner = web.AppRunner(application(sandbox), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", args.port, backlog=1024)
    await site.start()
    port = runner.addresses[0][1]
    users = [{"name": profile.label, "profile_key": profile.key} for profile in account.profiles if profile.key]
    return runner, {"api_url": f"http://127.0.0.1:{port}/api", "api_key": account.api_key, "profiles": users}


async def serve(args: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, ended.set)
    runner, first = await start(args)
    sys.stdout.write(json.dumps(first) + "\n")
    sys.stdout.flush()
    await ended.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(options()))
