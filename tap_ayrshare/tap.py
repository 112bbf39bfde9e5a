import json, sys, datetime, time, os


class TapAyrshare:
    @staticmethod
    def cli():
        a = sys.argv
        now = datetime.datetime.now(datetime.timezone.utc)
        d = now.date().isoformat()
        S = {
            "posts": (
                ["profile", "post_id"],
                {"profile": "string", "post_id": "string", "published_at": "dt", "text": "string"},
            ),
            "post_analytics": (
                ["profile", "post_id", "platform", "thread_index", "snapshot_date"],
                {
                    "profile": "string",
                    "post_id": "string",
                    "platform": "string",
                    "thread_index": "integer",
                    "snapshot_date": "d",
                    "published_at": "dt",
                    "likes": "integer",
                    "comments": "integer",
                    "shares": "integer",
                    "views": "integer",
                    "impressions": "integer",
                },
            ),
            "social_analytics": (
                ["profile", "platform", "snapshot_date"],
                {
                    "profile": "string",
                    "platform": "string",
                    "snapshot_date": "d",
                    "account_name": "string",
                    "followers": "integer",
                },
            ),
            "link_analytics": (
                ["profile", "short_url", "snapshot_date"],
                {
                    "profile": "string",
                    "short_url": "string",
                    "snapshot_date": "d",
                    "original_url": "string",
                    "clicks": "integer",
                },
            ),
            "extraction_errors": (
                ["profile", "stream", "resource_id", "platform", "snapshot_date"],
                {
                    "profile": "string",
                    "stream": "string",
                    "resource_id": "string",
                    "platform": "string",
                    "snapshot_date": "d",
                    "code": "string",
                    "message": "string",
                    "action": "string",
                },
            ),
        }

        def sch(name):
            k, p = S[name]
            props = {}
            for n, t in p.items():
                b = {"type": ["string", "null"]} if t in ("d", "dt", "string") else {"type": [t, "null"]}
                if t == "d":
                    b["format"] = "date"
                if t == "dt":
                    b["format"] = "date-time"
                if n in k:
                    b["type"] = b["type"][0]
                props[n] = b
            return {"type": "object", "properties": props}

        if "--discover" in a:
            print(
                json.dumps(
                    {
                        "streams": [
                            {
                                "tap_stream_id": n,
                                "stream": n,
                                "schema": sch(n),
                                "key_properties": S[n][0],
                                "metadata": [
                                    {"breadcrumb": [], "metadata": {"inclusion": "available", "selected": True}}
                                ],
                            }
                            for n in S
                        ]
                    }
                )
            )
            return
        if "--about" in a:
            print("{}")
            return
        cfg = json.load(open(a[a.index("--config") + 1]))
        print(
            "config",
            {k: cfg[k] for k in cfg if "key" not in k and k != "profiles"},
            "state",
            a[a.index("--state") + 1] if "--state" in a else None,
            now,
            sys.version,
            file=sys.stderr,
        )
        for s in os.environ.get("STUB_SLEEP", "0").split():
            time.sleep(float(s))

        def rec(n, **r):
            print(json.dumps({"type": "RECORD", "stream": n, "record": r, "time_extracted": now.isoformat()}))

        for n in S:
            print(json.dumps({"type": "SCHEMA", "stream": n, "schema": sch(n), "key_properties": S[n][0]}))
        k = now.day
        for i in range(6):
            pub = (datetime.datetime(2026, 3, 1, 10) - datetime.timedelta(days=i)).isoformat() + "Z"
            rec(
                "posts",
                profile="primary",
                post_id=f"p{i}",
                published_at=pub,
                text=f"Post number {i} about a thing that has a long text indeed, more than fits",
            )
            for pf in ("facebook", "instagram"):
                rec(
                    "post_analytics",
                    profile="primary",
                    post_id=f"p{i}",
                    platform=pf,
                    thread_index=0,
                    snapshot_date=d,
                    published_at=pub,
                    likes=10 * i + k,
                    comments=None,
                    shares=3,
                    views=1000 + k,
                    impressions=None,
                )
        rec(
            "social_analytics",
            profile="primary",
            platform="facebook",
            snapshot_date=d,
            account_name="Acme",
            followers=1200 + k * 7,
        )
        rec(
            "link_analytics",
            profile="primary",
            short_url="https://ayr.app/l/x",
            snapshot_date=d,
            original_url="https://example.com/some/page",
            clicks=4 * k,
        )
        rec(
            "extraction_errors",
            profile="primary",
            stream="post_analytics",
            resource_id="all",
            platform="twitter",
            snapshot_date=d,
            code="x_keys",
            message="X needs keys",
            action="network left out",
        )
        print(json.dumps({"type": "STATE", "value": {"bookmarks": {"posts": {"x": d}}}}))
        if os.environ.get("STUB_FAIL"):
            sys.exit("stub fails")
