"""tap-ayrshare-report without a browser: what it reads, what it refuses, and that the page is closed to scripts."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import math
import re
import subprocess
import sys
from datetime import date

import duckdb
import pytest

from tap_ayrshare_report.command import URL_VARIABLE, main
from tap_ayrshare_report.data import LONGEST_TEXT, THUMBNAIL_CHARACTERS, Limits, collect
from tap_ayrshare_report.database import opened
from tests.report.tables import LAST, Models, meanings
from tests.support import ROOT

POST = {"profile": "acme", "platform": "instagram", "snapshot_date": LAST, "published_date": LAST,
        "published_at": f"{LAST} 09:00:00"}  # fmt: skip


@pytest.fixture
def models(tmp_path):
    found = Models(tmp_path / "models.duckdb")
    found.add("ayrshare__metrics", *meanings(("instagram",)))
    return found


@pytest.fixture
def failure(tmp_path, capsys):
    """Run the command, which must fail with one line, and leave a report that is there as it is."""

    def run(*arguments: str) -> str:
        output = tmp_path / "report.html"
        output.write_text("yesterday's")
        assert main([*arguments, "--output", str(output)]) == 1
        assert output.read_text() == "yesterday's"
        said = capsys.readouterr().err
        assert said.startswith("tap-ayrshare-report: ")
        assert said.count("\n") == 1
        return said.removeprefix("tap-ayrshare-report: ").strip()

    return run


def data_of(path, **limits) -> dict:
    with opened(str(path), "ayrshare_models") as tables:
        return collect(tables, Limits(**{"days": 180, "posts": 100, **limits}))


def packed(text: str) -> dict:
    return json.loads(gzip.decompress(base64.b64decode(re.search(r'id="data">([^<]+)<', text)[1])))


def test_the_url_comes_from_the_environment_too(models, tmp_path, monkeypatch, capsys):
    models.add("ayrshare__post_facts", {**POST, "post_key": "1", "message": "hello"})
    monkeypatch.setenv(URL_VARIABLE, str(models.close()))
    output = tmp_path / "report.html"
    assert main(["--output", str(output), "--title", "Acme & Co"]) == 0
    assert capsys.readouterr().err == f"{output}: 1 posts of 1 profile, {LAST} to {LAST}\n"
    text = output.read_text()
    assert "<title>Acme &amp; Co</title>" in text
    assert packed(text)["posts"]["text"] == ["hello"]


def test_no_database(failure, monkeypatch, tmp_path):
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    assert failure().startswith(f"which database? Give its URL, or set {URL_VARIABLE}: postgresql://")
    said = failure("mysql://root:hunter2@host/db")
    assert "neither PostgreSQL's nor DuckDB's" in said
    assert "hunter2" not in said
    assert failure(f"{tmp_path}/nothing.duckdb") == f"there is no DuckDB file {tmp_path}/nothing.duckdb"
    said = failure("postgresql://user:hunter2@127.0.0.1:9/db")
    assert said.startswith("PostgreSQL at 127.0.0.1:9: can't connect: ")
    assert "hunter2" not in said
    assert "can't be read" in failure("postgresql://user:hunter2@127.0.0.1:port/db")
    (tmp_path / "text.db").write_text("no database, but long enough to be looked at" * 100)
    assert failure(str(tmp_path / "text.db")).startswith(f"DuckDB can't open {tmp_path}/text.db: ")


def test_no_tables(failure, tmp_path):
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    assert "has no tables of the models in the schema 'ayrshare_models': build them with dbt" in failure(
        str(tmp_path / "empty.duckdb")
    )


def test_another_schema(models, failure):
    assert "in the schema 'mine'" in failure(str(models.close()), "--schema", "mine")


def test_models_that_are_too_old(tmp_path, failure):
    old = Models(tmp_path / "old.duckdb", without=("ayrshare__metrics",))
    assert "older than this command (no ayrshare__metrics): build them again" in failure(str(old.close()))


def test_no_rows(models, failure):
    assert "have no rows yet: run the tap and dbt, then this command" in failure(str(models.close()))


def test_an_unknown_profile(models, failure):
    models.add("ayrshare__post_facts", {**POST, "post_key": "1"})
    assert failure(str(models.close()), "--profile", "o'hara") == (
        'no profile "o\'hara" in the models; profiles there: acme'
    )


def test_an_output_that_cannot_be_written(models, tmp_path, capsys):
    models.add("ayrshare__post_facts", {**POST, "post_key": "1"})
    assert main([str(models.close()), "--output", str(tmp_path / "nowhere" / "report.html")]) == 1
    assert capsys.readouterr().err.endswith("report.html: No such file or directory\n")


def test_a_driver_that_is_not_installed(models, failure, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert failure(str(models.close())) == "duckdb is not installed: pip install 'tap-ayrshare[report]'"


@pytest.mark.parametrize("text", ["0", "-1", "ten", "1.5", "²"])
def test_days_that_are_none(text, capsys):
    with pytest.raises(SystemExit):
        main(["x.duckdb", "--days", text])
    assert "takes a whole number from 1" in capsys.readouterr().err


def test_help_shows_examples():
    done = subprocess.run(
        [sys.executable, "-m", "tap_ayrshare_report", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "AYRSHARE_REPORT_URL=postgresql://" in done.stdout


def test_columns_that_are_not_there_are_null(tmp_path):
    path = tmp_path / "few.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE SCHEMA ayrshare_models")
        database.execute(
            "CREATE TABLE ayrshare_models.ayrshare__post_facts AS SELECT 'acme' AS profile, 'x' AS platform, "
            "DATE '2026-03-06' AS snapshot_date, DATE '2026-03-06' AS published_date, "
            "TIMESTAMP '2026-03-06 09:00:00' AS published_at, '1' AS post_key"
        )
        database.execute(
            "CREATE TABLE ayrshare_models.ayrshare__metrics (level VARCHAR, metric VARCHAR, platform VARCHAR)"
        )
    data = data_of(path)
    assert data["posts"]["text"] == data["posts"]["engagements"] == [None]
    assert "ayrshare__account_metrics_daily" in data["missing"]


def test_texts_and_addresses_are_tamed(models):
    addresses = ["javascript:alert(1)", "https://ok.example/a", "HTTP://ok.example", "https://x y", "//host", "", None]
    models.add("ayrshare__post_facts", *(
        {**POST, "post_key": str(n), "post_url": address, "message": f"  a\n\n{'b' * 400}"}
        for n, address in enumerate(addresses)
    ))  # fmt: skip
    posts = data_of(models.close())["posts"]
    assert posts["url"] == [None, "https://ok.example/a", "HTTP://ok.example", None, None, None, None]
    assert {len(text) for text in posts["text"]} == {LONGEST_TEXT}
    assert posts["text"][0].startswith("a b")


def test_numbers_that_json_cannot_hold(models):
    models.add("ayrshare__post_facts", {**POST, "post_key": "1", "engagement_rate": 0.123456789,
                                                 "views": 2**62})  # fmt: skip
    with duckdb.connect(str(models.close())) as database:
        database.execute("UPDATE ayrshare_models.ayrshare__post_facts SET engagement_rate_by_reach = 'NaN'")
        database.execute("UPDATE ayrshare_models.ayrshare__post_facts SET engagement_rate_by_followers = 'inf'")
    posts = data_of(models.path)["posts"]
    assert math.isclose(posts["engagement_rate"][0], 0.123457)
    assert posts["views"] == [2**62]
    assert posts["engagement_rate_by_reach"] == posts["engagement_rate_by_followers"] == [None]


def test_the_newest_posts_and_the_thumbnails_of_the_best(models):
    models.add("ayrshare__post_facts", *(
        {**POST, "post_key": f"{n:04d}", "published_at": f"{LAST} 09:{n // 60:02d}:{n % 60:02d}",
         "engagements": n, "thumbnail_url": f"https://cdn.example/{'x' * 480}{n:04d}"} for n in range(1000)
    ))  # fmt: skip
    data = data_of(models.close(), posts=900)
    assert (data["posts_total"], data["posts_shown"]) == (1000, 900)
    assert data["posts"]["engagements"] == [*range(999, 99, -1)]
    kept = [n for n, url in zip(data["posts"]["engagements"], data["posts"]["thumbnail"], strict=True) if url]
    assert kept == [*range(999, 999 - THUMBNAIL_CHARACTERS // 504, -1)]


def test_a_post_on_two_networks_is_one(models):
    models.add("ayrshare__post_facts", *({**POST, "platform": name, "post_key": "1"} for name in ("instagram", "x")))
    models.add("ayrshare__post_facts", {**POST, "profile": "other", "post_key": "1"})
    assert data_of(models.close())["posts"]["key"] == [0, 0, 1]


def test_posts_without_a_date_are_there(models):
    undated = {**POST, "published_date": None, "published_at": None}
    models.add("ayrshare__post_facts", {**POST, "post_key": "1"}, {**undated, "post_key": "2"})
    assert data_of(models.close())["posts"]["day"] == [0, None]


def test_what_one_network_does_not_add_up_is_not_added_up(models):
    rows = meanings(("tiktok",))
    for row in rows:
        row["growth_additive_over_days"] = None if row["metric"] == "views" else row["growth_additive_over_days"]
    models.add("ayrshare__metrics", *rows)
    models.add("ayrshare__post_facts", {**POST, "post_key": "1"})
    additive = data_of(models.close())["additive"]["post"]
    assert additive["views"]["days"] is False
    assert additive["likes"] == {"days": True, "posts": True, "profiles": True}
    assert not any(additive["reach"].values())


def test_only_the_two_scripts_of_the_page_may_run(models, tmp_path):
    evil = "</script><script>alert(1)</script>"
    models.add("ayrshare__post_facts", {**POST, "post_key": "1", "message": evil, "profile": evil})
    output = tmp_path / "report.html"
    assert main([str(models.close()), "--output", str(output), "--title", evil]) == 0
    text = output.read_text()
    assert "alert(1)" not in text.replace("&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;", "")
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert len(hashes) == 2
    listed = " ".join(f"'sha256-{found}'" for found in hashes)
    assert f"script-src {listed};" in text
    assert packed(text)["posts"]["text"] == [evil]
    # Nothing is loaded from elsewhere.
    assert not re.search(r'(src|href)="(?!#)', text.replace(scripts[0], "").replace(scripts[1], ""))


def test_a_clients_file_has_no_internal_tables(models):
    models.add("ayrshare__post_facts", {**POST, "post_key": "1"})
    models.add("ayrshare__extraction_errors", {
        "profile": "acme", "platform": "x", "stream": "posts", "code": "1", "message": "secret", "snapshot_date": LAST,
    })  # fmt: skip
    path = models.close()
    assert data_of(path)["errors"]
    data = data_of(path, is_client=True)
    assert (data["errors"], data["health"], data["missing"]) == ([], [], [])
    assert "secret" not in json.dumps(data)


def test_a_month_is_shown_with_the_one_before(models):
    models.add("ayrshare__post_facts", *(
        {**POST, "post_key": str(day), "published_date": day, "snapshot_date": LAST}
        for day in ("2025-12-31", "2026-01-01", "2026-02-28", "2026-03-01")
    ))  # fmt: skip
    path = models.close()
    data = data_of(path, month=date(2026, 2, 1))
    assert (data["first"], data["last"], data["month"]) == ("2026-01-01", "2026-02-28", "2026-02-01")
    assert len(data["posts"]["key"]) == 2
    # A month that has not ended ends with its last reading.
    assert data_of(path, month=date(2026, 3, 1))["last"] == str(LAST)


@pytest.mark.parametrize(("arguments", "said"), [
    (["--client-name", "Acme"], "--client-name is the name of one client: give one --profile with it"),
    (["--client-name", "Acme", "--each-profile"], "--client-name is the name of one client"),
    (["--month", "2026-05"], "the models have nothing of 2026-05: they reach from 2026-03-06 to 2026-03-06"),
    (["--month", "2025-05"], "the models have nothing of 2025-05"),
    (["--logo", "logo.gif"], "--logo must be an image (.png, .jpg, .jpeg, .svg, .webp), not logo.gif"),
    (["--logo", "nowhere.png"], "can't read nowhere.png: No such file or directory"),
])  # fmt: skip
def test_what_a_clients_file_needs(models, failure, arguments, said):
    models.add("ayrshare__post_facts", {**POST, "post_key": "1"})
    assert failure(str(models.close()), *arguments).startswith(said)


@pytest.mark.parametrize("text", ["2026", "2026-13", "october", "2026-1"])
def test_months_that_are_none(text, capsys):
    with pytest.raises(SystemExit):
        main(["x.duckdb", "--month", text])
    assert "must be a month such as 2026-10" in capsys.readouterr().err


def test_a_pdf_without_a_browser(models, tmp_path, monkeypatch, capsys):
    models.add("ayrshare__post_facts", {**POST, "post_key": "1"})
    monkeypatch.setenv("PATH", str(tmp_path))
    output = tmp_path / "report.html"
    assert main([str(models.close()), "--output", str(output), "--pdf"]) == 1
    assert "--pdf needs one of chromium" in capsys.readouterr().err
    assert output.exists()


def test_profiles_whose_files_would_have_the_same_name(models, failure):
    models.add("ayrshare__post_facts", *({**POST, "post_key": "1", "profile": name} for name in ("a b", "a/b")))
    assert failure(str(models.close()), "--each-profile").startswith("two profiles would have the same file name")
