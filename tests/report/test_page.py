"""The report in Chromium: every chart drawn, filters, phone, dark mode, print, hostile texts, ten thousand posts."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from importlib.resources import files

import pytest
from axe_playwright_python.sync_playwright import Axe

from tap_ayrshare_report.command import main
from tests.report.conftest import PHONE, written
from tests.report.story import story_posts
from tests.report.tables import LAST, Models, covered, meanings

NETWORKS = ("facebook", "instagram", "linkedin", "tiktok")
CHARTS = {"followers", "engagement", "formats"}
ECHARTS = "61f13280aba3161f77fc801bf5f9c786f55f10432153a0683fc5cc0700b013d5"
"""SHA-256 of dist/echarts.common.min.js in the npm package echarts 6.1.0."""
EVIL = (
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    '"><svg onload=window.hacked=1>',
    "{{constructor.constructor('window.hacked=1')()}} ${window.hacked = 1} $title",
    "</style><!-- <![CDATA[ \u2028 &lt;b&gt; \x00",
)


@pytest.fixture
def agency(tmp_path):
    """Three clients on four networks, 90 days, 300 posts."""
    models = Models(tmp_path / "agency.duckdb")
    models.fill(profiles=3, posts=300, networks=NETWORKS)
    errors = [("client 00", "twitter", "X requires your own API keys."), ("client 01", "all", "Post ID not found.")]
    models.add("ayrshare__extraction_errors", *(
        {"profile": profile, "platform": network, "stream": "post_analytics", "code": "186", "message": message,
         "snapshot_date": LAST} for profile, network, message in errors
    ))  # fmt: skip
    models.add("ayrshare__link_clicks_daily", *(
        {"profile": f"client {n:02d}", "short_url": f"https://ayr.example/{n}", "clicks_gained": 40 + n,
         "original_url": f"https://shop.example/{n}", "snapshot_date": LAST} for n in range(3)
    ))  # fmt: skip
    return models


def account(models, *followers, profile="solo", network="instagram", **more):
    """Days of one account, ending on the last day."""
    first = LAST - timedelta(days=len(followers) - 1)
    models.add("ayrshare__account_metrics_daily", *(
        {"profile": profile, "platform": network, "snapshot_date": first + timedelta(days=n),
         "followers_filled": now,
         **({"followers_delta": now - followers[n - 1], "followers_gained": max(0, now - followers[n - 1]),
             "followers_lost": max(0, followers[n - 1] - now)} if n else {}), **more}
        for n, now in enumerate(followers)
    ))  # fmt: skip
    models.add("ayrshare__account_coverage", covered(profile, network, first))


def a_post(n, **more):
    published = LAST - timedelta(days=5)
    return {"profile": "solo", "platform": "instagram", "post_key": f"p{n}",
            "snapshot_date": LAST, "published_at": f"{published} 09:00:00", "published_date": published,
            "published_hour": 9, "published_weekday": published.isoweekday(), **more}  # fmt: skip


def test_every_chart_is_drawn_light_and_dark(agency, show):
    path = written(agency.close())
    colors = set()
    for scheme in ("light", "dark"):
        report = show(path, color_scheme=scheme)
        drawn = report.drawn()
        assert set(drawn) == CHARTS
        assert min(drawn.values()) > 10
        colors.add(report.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert "NaN" not in report.page.locator("main").inner_html()
        assert not re.search(r"\b(null|undefined|NaN|Infinity)\b", report.text("main"))
        assert report.page.locator(".post").count() == 10
        assert "X requires your own API keys. (186)" in report.text("#freshness")
        assert report.numbers("links")[1][0] == "https://shop.example/2"
    assert len(colors) == 2


def test_the_theme_can_be_changed(agency, show):
    report = show(written(agency.close()), color_scheme="light")
    report.page.click("#theme")
    assert report.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 20, 26)"
    assert set(report.drawn()) == CHARTS


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(agency, show, scheme):
    report = show(written(agency.close()), color_scheme=scheme)
    for summary in report.page.locator("summary").all():
        summary.click()
    found = Axe().run(report.page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found] == []
    labels = report.page.locator(".chart[role=img]").evaluate_all("(all) => all.map((one) => one.ariaLabel)")
    assert len(labels) == len(CHARTS)
    assert all(re.search(r"\d", label) for label in labels)
    # Each chart's table is there.
    assert all(len(report.numbers(chart)) > 2 for chart in CHARTS)


def test_filters_act_on_everything(agency, show):
    report = show(written(agency.close()))
    assert len(report.numbers("followers")) == 1 + 3 * len(NETWORKS)
    posts = report.tile("Posts published")[1]
    report.choose(profile="client 01")
    assert len(report.numbers("followers")) == 1 + len(NETWORKS)
    assert int(report.tile("Posts published")[1]) < int(posts)
    assert "https://shop.example/1" in report.text("#links")
    assert "https://shop.example/2" not in report.text("#links")
    assert "X requires" not in report.text("#freshness")
    report.page.click(".chip[data-network=tiktok]")
    rows = report.numbers("followers")
    assert {row[0] for row in rows[1:]} == {"Facebook", "Instagram", "LinkedIn"}
    assert "TikTok" not in report.text("#formats .chart") + report.text("#engagement .chart") + report.text("#best")
    report.choose(period="Last 7 days")
    assert len(report.numbers("engagement")) == 1 + 7
    assert report.text("#scope").startswith("Feb 28, 2026 – Mar 6, 2026 (7 days), client 01, 3 networks")
    report.choose(period="From … to …")
    report.page.fill("#from", "2026-02-10")
    report.page.fill("#to", "2026-02-12")
    assert [row[0] for row in report.numbers("engagement")[1:]] == ["Feb 12, 2026", "Feb 11, 2026", "Feb 10, 2026"]
    for network in ("facebook", "instagram", "linkedin"):
        report.page.click(f".chip[data-network={network}]")
    assert report.drawn() == {}
    assert "No followers are reported for this choice." in report.text("#followers")


def test_figures_are_those_of_the_tables(tmp_path, show):
    models = Models(tmp_path / "solo.duckdb")
    models.add("ayrshare__metrics", *meanings(("instagram",)))
    account(models, 1000, *([1000] * 30), *range(1010, 1310, 10))
    models.add("ayrshare__network_metrics_daily", *(
        {"profile": "solo", "platform": "instagram", "snapshot_date": LAST - timedelta(days=n), "posts_published": 0,
         "engagements_gained": 2 if n < 30 else 1, "views_gained": None} for n in range(61)
    ))  # fmt: skip
    models.add("ayrshare__post_facts", *(
        a_post(n, message=f"post {n}", engagements=10 * n, impressions=1000, engagement_rate=n / 100,
               media_type="image", times_usual=n / 3)
        for n in range(1, 6)
    ))  # fmt: skip
    report = show(written(models.close()))
    assert report.tile("Followers won, net")[1:3] == ["+300", "▲ +300"]
    assert report.tile("Engagements")[1:3] == ["60", "▲ +30 (+100 %)"]
    assert report.tile("Views")[1] == "–"
    assert report.tile("Engagement rate")[1] == "3.00 %"
    said = list(filter(None, report.text("#highlights").split("\n")))
    assert said[:3] == ["Grows fastest", "Instagram: +30.0 % followers", "+300 to 1,300 in 30 days"]
    assert "“post 5”" in report.text("#highlights")
    assert report.numbers("formats")[1][:3] == ["Instagram · Image", "5", "3.00 %"]
    # All five at one hour: they are the usual.
    assert "There isn't enough to tell" in report.text("#times")


def test_periods_are_compared_like_for_like(tmp_path, show):
    """The same posts all the time; one network was linked 20 days ago, one stopped 20 days ago."""
    models = Models(tmp_path / "like.duckdb")
    networks = {"facebook": (0, 60), "threads": (40, 60), "twitter": (0, 40)}
    models.add("ayrshare__metrics", *meanings(tuple(networks)))
    first = LAST - timedelta(days=60)
    for network, (begin, end) in networks.items():
        days = [first + timedelta(days=n) for n in range(begin, end + 1)]
        models.add("ayrshare__network_metrics_daily", *(
            {"profile": "solo", "platform": network, "snapshot_date": day, "engagements_gained": 10}
            for day in days[1:]
        ))  # fmt: skip
        models.add("ayrshare__account_metrics_daily", *(
            {"profile": "solo", "platform": network, "snapshot_date": day, "followers_filled": 100 + n,
             "followers_delta": 1 if n else None} for n, day in enumerate(days)
        ))  # fmt: skip
        models.add("ayrshare__account_coverage", covered("solo", network, days[0], days[-1]))
    report = show(written(models.close()))
    tile = report.tile("Engagements")
    assert tile[1] == str(30 * 10 + 20 * 10 + 10 * 10)
    assert tile[2] == "= no change"
    assert tile[-1].startswith("Change without ")
    assert {"Threads (read from Feb 15)", "X (until Feb 14)"} == set(
        tile[-1].removeprefix("Change without ").split(", ")
    )
    assert report.tile("Followers won, net")[2] == "= no change"


def test_the_first_night_is_one_reading(tmp_path, show):
    models = Models(tmp_path / "first.duckdb")
    models.add("ayrshare__metrics", *meanings(("instagram",)))
    account(models, 17)
    models.add("ayrshare__post_facts", a_post(1, engagements=3))
    models.add("ayrshare__network_metrics_daily", {
        "profile": "solo", "platform": "instagram", "snapshot_date": LAST, "posts_published": 1,
    })  # fmt: skip
    report = show(written(models.close()))
    assert "one reading so far: growth takes two" in report.tile("Engagements")
    assert "one reading so far: growth takes two" in report.tile("Followers won, net")


def test_a_post_on_three_networks_is_one_post(tmp_path, show):
    models = Models(tmp_path / "cross.duckdb")
    networks = ("facebook", "instagram", "threads")
    models.add("ayrshare__metrics", *meanings(networks))
    account(models, *range(100, 140))
    models.add("ayrshare__post_facts", *(
        {**a_post(n, engagements=n, message=f"post {n}"), "platform": name} for n in range(1, 3) for name in networks
    ), {**a_post(9, engagements=5, message="undated"), "published_date": None, "published_at": None})  # fmt: skip
    report = show(written(models.close()))
    assert report.tile("Posts published")[1] == "2"
    assert "6 with each network counted" in report.tile("Posts published")
    report.choose(period="All 40 days")
    assert "undated" in report.text("#best")


def test_the_best_time_is_the_storys(tmp_path, show):
    models = Models(tmp_path / "story.duckdb")
    posts = story_posts(800)
    models.add("ayrshare__metrics", *meanings(tuple({post["platform"] for post in posts})))
    models.add("ayrshare__post_facts", *posts)
    report = show(written(models.close(), "--days", "900"))
    report.page.select_option("#period", value="all")
    said = report.text("#times header")
    assert re.search(r"Weekday: Wed, 1\.\d× the usual \(1\.\d–1\.\d×, \d+ posts\)", said)
    assert "Hour: 18:00, 1." in said
    for worst in ("Fri", "Sat", "07:00", "15:00"):
        assert worst not in said


def test_many_profiles_are_told_apart(tmp_path, show):
    models = Models(tmp_path / "many.duckdb")
    models.add("ayrshare__metrics", *meanings(("instagram",)))
    names = [*(f"client {n:03d}" for n in range(299)), "\u0645\u062a\u062c\u0631 \u0627\u0644\u0642\u0647\u0648\u0629"]
    for n, name in enumerate(names):
        account(models, 1000, 1000 + n, 1000 + 3 * n, profile=name)
    report = show(written(models.close()))
    strokes = report.page.locator("#followers .stroke").evaluate_all("(all) => all.map((one) => one.style.borderTop)")
    assert len(strokes) == len(set(strokes)) == 10
    report.choose(profile=names[-1])
    assert report.page.locator("#scope bdi[dir=auto]").inner_text() == names[-1]
    assert report.page.locator("#best .text:not([dir=auto])").count() == 0


def test_what_must_not_be_added_up_is_not(tmp_path, show):
    models = Models(tmp_path / "solo.duckdb")
    rows = meanings(("instagram",))
    for row in rows:
        if row["metric"] == "engagements":
            row["growth_additive_over_posts"] = False
    models.add("ayrshare__metrics", *rows)
    models.add("ayrshare__network_metrics_daily", *(
        {"profile": "solo", "platform": "instagram", "snapshot_date": LAST - timedelta(days=n), "engagements_gained": 7}
        for n in range(3)
    ))  # fmt: skip
    account(models, 5, 6, 7)
    path = models.path.with_suffix(".html")
    written(models.close())
    report = show(path, is_sound=False)
    assert "engagements of posts must not be added up over posts" in report.text("#trouble")
    assert not report.page.locator(".tile").count()
    assert len(report.said) == 1
    report.said.clear()


def test_hostile_texts_do_nothing(tmp_path, show):
    models = Models(tmp_path / "evil.duckdb")
    evil = EVIL[1]
    models.add("ayrshare__metrics", *meanings((evil,)))
    for n, text in enumerate(EVIL):
        account(models, 100, 200, 350, profile=text, network=evil)
        models.add("ayrshare__post_facts", a_post(
            n, profile=text, platform=evil, message=text, engagements=100 + n, engagement_rate=0.1, media_type=text,
            post_url="javascript:window.hacked=1", thumbnail_url="data:text/html,<script>window.hacked=1</script>",
        ))  # fmt: skip
        models.add("ayrshare__network_metrics_daily", {
            "profile": text, "platform": evil, "snapshot_date": LAST, "posts_published": 1, "engagements_gained": 9,
        })  # fmt: skip
        models.add("ayrshare__extraction_errors", {
            "profile": text, "platform": evil, "stream": text, "code": text, "message": text, "snapshot_date": LAST,
        })  # fmt: skip
        models.add("ayrshare__link_clicks_daily", {
            "profile": text, "short_url": text, "original_url": "javascript:window.hacked=1", "clicks_gained": 5,
            "snapshot_date": LAST,
        })  # fmt: skip
        models.add("ayrshare__accounts_current", {
            "profile": text, "platform": evil, "account_name": text, "profile_url": "javascript:window.hacked=1",
            "followers": 350, "snapshot_date": LAST,
        })  # fmt: skip
    report = show(written(models.close(), "--title", EVIL[0]))
    for summary in report.page.locator("summary").all():
        summary.click()
    assert set(report.drawn()) == CHARTS
    for chart in report.page.locator(".chart").all():
        check_tooltip(report.page, chart)
    assert report.page.evaluate("window.hacked") is None
    assert report.page.locator("img, main script, main iframe").count() == 0
    addresses = report.page.locator("a").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    assert addresses == ["#main"]
    shown = report.text("#best")
    assert [text for text in EVIL[:4] if text not in shown] == []
    assert report.page.title() == EVIL[0]


def check_tooltip(page, chart):
    """Move over a chart until its tooltip shows the hostile name of the network, as text."""
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    shown = False
    for x in (0.3, 0.45, 0.6, 0.8, 0.95):
        for y in (0.2, 0.35, 0.5, 0.65):
            page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
            page.wait_for_timeout(30)
            assert chart.locator("img, script").count() == 0
            tooltips = chart.locator("> div").evaluate_all("(all) => all.slice(1).map((one) => one.innerHTML)")
            shown = shown or any("&lt;img src=x" in text for text in tooltips)
    assert shown


def test_a_script_that_got_in_would_not_run(agency, show):
    report = show(written(agency.close()))
    report.page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.hacked = 1';
        document.body.append(script);
    }""")
    assert report.page.evaluate("window.hacked") is None
    assert "Content Security Policy" in report.said.pop()


def test_it_fits_a_phone(agency, show):
    report = show(written(agency.close()), viewport=PHONE, device_scale_factor=2, has_touch=True)
    assert report.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert set(report.drawn()) == CHARTS
    widths = report.page.locator(".chart svg").evaluate_all("(all) => all.map((one) => one.clientWidth)")
    assert max(widths) <= PHONE["width"]
    small = report.page.locator("button, select").evaluate_all(
        "(all) => all.filter((one) => one.offsetParent && one.getBoundingClientRect().height < 32).length"
    )
    assert small == 0


def test_it_prints(agency, show, tmp_path):
    report = show(written(agency.close()), color_scheme="dark")
    report.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert report.page.evaluate("document.documentElement.dataset.theme") == "light"
    assert max(report.page.locator(".chart svg").evaluate_all("(all) => all.map((one) => one.clientWidth)")) <= 680
    # Drawn anew at once: paper doesn't wait for the next frame.
    cut = "(all) => all.filter((one) => one.getBBox().width > one.width.baseVal.value + 2).length"
    assert report.page.locator(".chart svg").evaluate_all(cut) == 0
    report.page.emulate_media(media="print")
    assert not report.page.locator("#filters").is_visible()
    report.page.emulate_media(media="screen")
    report.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert report.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert set(report.drawn()) == CHARTS
    pdf = report.page.pdf(format="A4")
    assert 30_000 < len(pdf) < 3_000_000


def test_ten_thousand_posts(tmp_path, show):
    models = Models(tmp_path / "large.duckdb")
    models.fill(profiles=50, posts=10_500, networks=NETWORKS, days=180)
    path = written(models.close())
    assert path.stat().st_size < 3_000_000
    report = show(path)
    assert set(report.drawn()) == CHARTS
    assert "the newest 10,000 of 10,500 posts" in report.text("#about")
    report.choose(period="All 180 days")
    # Whole weeks up to the last day: 180 days are 25 weeks and five days.
    assert len(report.numbers("engagement")) == 1 + 25
    assert "the first 5 days make no week" in report.text("#engagement")
    assert "The 10 of 200 accounts that changed most are drawn." in report.text("#followers")


def test_one_profile_one_network_one_day(tmp_path, show):
    models = Models(tmp_path / "solo.duckdb")
    models.add("ayrshare__metrics", *meanings(("bluesky",)))
    account(models, 17, network="bluesky")
    report = show(written(models.close()))
    assert report.text("#about").startswith("1 profile, 1 network, 0 posts")
    assert "No post was published" in report.text("#highlights")
    assert report.tile("Followers won, net")[1] == "–"
    assert set(report.drawn()) == {"followers"}


def test_no_engagement_anywhere(tmp_path, show):
    models = Models(tmp_path / "quiet.duckdb")
    models.fill(profiles=1, posts=20, networks=("instagram",), engagement=False)
    report = show(written(models.close()))
    assert "No engagement was reported for this choice." in report.text("#engagement")
    assert "No post of this choice has both a format and an engagement rate." in report.text("#formats")
    assert "views" in report.text("#highlights")


def test_models_that_are_not_there_are_named(tmp_path, show):
    models = Models(tmp_path / "few.duckdb", without=("ayrshare__link_clicks_daily", "ayrshare__extraction_errors"))
    models.fill(profiles=1, posts=5, networks=("instagram",))
    report = show(written(models.close()))
    assert "Link clicks are not among the models." in report.text("#links")
    assert "ayrshare__extraction_errors" in report.text("#freshness")


def test_thumbnails_are_loaded_only_when_asked_for(agency, show):
    report = show(written(agency.close()))
    report.page.route("https://cdn.*/**", lambda route: route.abort())
    report.page.get_by_role("button", name="Load thumbnails").click()
    report.page.wait_for_timeout(300)
    assert any(url.startswith("https://cdn.") for url in report.asked)
    # What was asked for was wanted; it fails here, and nowhere else.
    report.asked, report.said = [url for url in report.asked if url.startswith("file:")], []


def test_the_library_is_the_one_of_the_package():
    content = (files("tap_ayrshare_report") / "assets" / "echarts" / "echarts.common.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == ECHARTS


def test_a_month_against_the_one_before(tmp_path, show):
    """February against January: 28 days against 31, of which the models have all."""
    models = Models(tmp_path / "month.duckdb")
    models.fill(profiles=1, posts=40, networks=("instagram",), days=90)
    report = show(written(models.close(), "--month", "2026-02"))
    assert report.text("#scope").startswith("Feb 1, 2026 – Feb 28, 2026 (28 days)")
    assert "Changes are against Jan 1 – Jan 31" in report.text("#scope")
    assert report.page.locator("#period option:checked").inner_text() == "February 2026"
    assert report.tile("Engagements")[2][0] in "▲▼="


def test_a_clients_file_has_nothing_of_the_agencys(agency, show, tmp_path):
    logo = tmp_path / "logo.svg"
    logo.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'
    )
    path = written(agency.close(), "--profile", "client 01", "--client-name", "Acme & Söhne", "--logo", str(logo))
    report = show(path)
    assert report.page.title() == "Social media report"
    assert report.text("#title") == "Acme & Söhne · Social media report"
    assert report.page.locator("#logo img").evaluate("(one) => one.naturalWidth") == 40
    for hidden in ("#freshness", "#meanings", "#clients", "#profile"):
        assert not report.page.locator(hidden).is_visible()
    said = report.text("body")
    for internal in ("client 01", "tap-ayrshare", "Post ID not found", "not among the models"):
        assert internal not in said
    report.asked.clear()


def test_each_profile_has_a_file(agency, show, capsys):
    models = agency.close()
    assert main([str(models), "--output", str(models.with_name("each.html")), "--each-profile"]) == 0
    names = sorted(path.name for path in models.parent.glob("each-*.html"))
    assert names == ["each-client-00.html", "each-client-01.html", "each-client-02.html"]
    assert capsys.readouterr().err.count("\n") == 3
    report = show(models.with_name("each-client-02.html"))
    assert report.text("#title") == "client 02 · Social media report"
    assert "client 00" not in report.page.content()


def test_the_agencys_page(tmp_path, show):
    models = Models(tmp_path / "clients.duckdb")
    models.add("ayrshare__metrics", *meanings(("instagram", "threads")))
    for name, gained in (("grows", 20), ("falls", 5)):
        account(models, *range(1000, 1061), profile=name)
        models.add("ayrshare__network_metrics_daily", *(
            {"profile": name, "platform": "instagram", "snapshot_date": LAST - timedelta(days=n), "posts_published": 0,
             "engagements_gained": gained if n < 30 else 10} for n in range(60)
        ))  # fmt: skip
        models.add("ayrshare__accounts_current", {"profile": name, "platform": "instagram", "snapshot_date": LAST})
        models.add("ayrshare__post_facts", {**a_post(1, engagements=1), "profile": name})
    # A network of one client that is no longer linked, and is read no more.
    models.add(
        "ayrshare__account_coverage", covered("grows", "threads", LAST - timedelta(days=60), LAST - timedelta(days=9))
    )
    report = show(written(models.close()))
    rows = report.numbers("clients")[1:]
    assert [row[0] for row in rows] == ["grows", "falls"]
    assert rows[0][2:4] == ["600", "▲ +300 (+100 %)"]
    assert rows[0][5] == "no longer linked: Threads"
    assert rows[1][2:4] == ["150", "▼ −150 (−50 %)"]
    assert rows[1][5] == "–"
    assert "1 client of 2 needs attention." in report.text("#clients")
    report.page.get_by_role("button", name="falls").click()
    assert report.tile("Engagements")[1] == "150"
    assert not report.page.locator("#clients").is_visible()


def test_one_entry_for_a_post_on_several_networks(tmp_path, show):
    models = Models(tmp_path / "entry.duckdb")
    networks = ("facebook", "instagram")
    models.add("ayrshare__metrics", *meanings(networks))
    for network in networks:
        account(models, 5, 6, 7, network=network)
    models.add("ayrshare__post_facts", *(
        {**a_post(1, engagements=n, views=90, impressions=90, message="everywhere"), "platform": name}
        for n, name in ((30, "facebook"), (50, "instagram"))
    ), a_post(2, engagements=40, message="once"))  # fmt: skip
    report = show(written(models.close()))
    entries = report.page.locator(".post")
    assert [one.split("\n")[1] for one in entries.all_inner_texts()] == ["everywhere", "once"]
    first = entries.first.inner_text()
    assert "Also on" in first
    assert "Facebook: 30" in first
    assert "90 views" in first
    assert "90 impressions" not in first


def test_the_audience_and_the_best_post_in_the_chart(agency, show):
    agency.add("ayrshare__audience", *(
        {"profile": "client 00", "platform": "instagram", "audience": "followers", "dimension": "country",
         "bucket": country, "share": share, "share_basis": "listed", "snapshot_date": LAST}
        for country, share in (("DE", 0.5), ("AT", 0.25))
    ))  # fmt: skip
    report = show(written(agency.close()))
    assert "Instagram, client 00: Country" in report.text("#audience")
    assert "DE\n50 %" in report.text("#audience")
    assert "★" in report.page.locator("#engagement svg").inner_html()
    report.choose(profile="client 01")
    assert "No network of this choice reports its audience." in report.text("#audience")


def test_a_pdf(agency, tmp_path, capsys):
    models = agency.close()
    output = tmp_path / "printed.html"
    assert main([str(models), "--output", str(output), "--profile", "client 01", "--month", "2026-02", "--pdf"]) == 0
    content = output.with_suffix(".pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert "printed.pdf: the same, printed" in capsys.readouterr().err
    pages = len(re.findall(rb"/Type\s*/Page\b", content))
    assert 3 <= pages <= 8


def test_no_labels_overlap_on_a_phone(agency, show):
    report = show(written(agency.close()), viewport=PHONE, has_touch=True)
    overlapping = """(svg) => {
        const boxes = [...svg.querySelectorAll('text')].map((one) => one.getBoundingClientRect())
            .filter((box) => box.width);
        return boxes.flatMap((one, at) => boxes.slice(at + 1).filter((other) => one.left < other.right - 1
            && other.left < one.right - 1 && one.top < other.bottom - 1 && other.top < one.bottom - 1)).length;
    }"""
    found = report.page.locator(".chart svg").evaluate_all(f"(all) => all.map({overlapping})")
    assert found == [0] * len(CHARTS)
