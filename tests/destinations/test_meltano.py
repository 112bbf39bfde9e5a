"""`meltano run`, with the plugins, jobs and commands of meltano.yml."""

import fcntl
import json
import shutil
import subprocess

import psycopg
import pytest

from demo.pipeline import MELTANO
from demo.postgres import running_postgres
from demo.processes import ProcessFailedError
from tests.destinations.conftest import PIPELINE
from tests.e2e.test_incremental import later
from tests.support import NOW, ROOT


def run(box, directory, *steps, now=NOW, command=("run",), **settings):
    """Run Meltano as the user would, with settings from the environment; its state lies in the directory."""
    log = directory / "meltano.log"
    log.touch()
    own = {
        "TAP_AYRSHARE_API_URL": box.config["api_url"],
        "TAP_AYRSHARE_API_KEY": box.config["api_key"],
        "TAP_AYRSHARE_PROFILES": json.dumps(box.config["profiles"]),
        "TAP_AYRSHARE_RATE_LIMIT_REQUESTS": "100000",
        "TAP_AYRSHARE_RATE_LIMIT_WINDOW_SECONDS": "1",
        "TAP_DEMO_NOW": now,
        "MELTANO_DATABASE_URI": f"sqlite:///{directory / 'meltano.db'}",
    }
    try:
        # Meltano keeps one state.json for each tap and project: no two runs at once.
        with (PIPELINE.directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            PIPELINE.meltano(*command, *steps, log=log, **own, **settings)
    except ProcessFailedError as failed:
        pytest.fail(f"{failed}\n{log.read_text()[-3000:]}")


def test_postgres_with_models_twice(box, tmp_path):
    with running_postgres(tmp_path) as uri:
        with psycopg.connect(uri) as database:
            info = database.info
            target = {"HOST": info.host, "PORT": str(info.port), "USER": info.user, "PASSWORD": info.password,
                      "DATABASE": info.dbname}  # fmt: skip
        settings = {f"TARGET_POSTGRES_{name}": value for name, value in target.items()}
        run(box, tmp_path, "ayrshare-to-postgres-with-models", **settings)
        box.clear()
        box.set_clock(later(1))
        run(box, tmp_path, "tap-ayrshare", "target-postgres", "dbt-postgres:build", now=later(1), **settings)
        with psycopg.connect(uri) as database:
            query = "SELECT count(DISTINCT snapshot_date), count(followers_delta) FROM ayrshare_models"
            days = database.execute(f"{query}.ayrshare__account_metrics_daily".encode()).fetchone()
    assert days[0] == 2
    assert days[1] > 0
    # The state of the first run is known: the history is read from the look-back on, not from the beginning. It is read
    # further only for native posts without a date.
    histories = [request for request in box.requests("/history") if request["query"].get("status") != "deleted"]
    assert histories[0]["query"]["startDate"] > "2025-06-01"


def test_the_connection(box, tmp_path):
    run(box, tmp_path, "tap-ayrshare", command=("config", "test"))


def test_duckdb_with_models(box, tmp_path):
    file = str(tmp_path / "social.duckdb")
    run(box, tmp_path, "tap-ayrshare", "target-duckdb", "dbt-duckdb:build", TARGET_DUCKDB_FILEPATH=file)


def test_files_of_a_shard(box, tmp_path):
    shards = []
    for k in ("1", "2"):
        directory = tmp_path / k
        directory.mkdir()
        steps = ("--state-id-suffix", f"shard-{k}-of-2", "tap-ayrshare", "target-jsonl")
        settings = {"TAP_AYRSHARE_SHARD": f"{k}/2", "TAP_AYRSHARE_INCLUDE_PRIMARY_PROFILE": "true"}
        run(box, tmp_path, *steps, TARGET_JSONL_DESTINATION_PATH=str(directory), **settings)
        lines = [line for file in directory.glob("accounts*.jsonl") for line in file.read_text().splitlines()]
        shards.append({json.loads(line)["profile"] for line in lines})
    assert shards[0] | shards[1] == {"primary", "acme"}
    assert not shards[0] & shards[1]


def test_a_selection_for_one_run_does_not_stick(box, tmp_path):
    project = tmp_path / "project"
    for kind in ("extractors", "loaders"):
        (project / ".meltano").mkdir(parents=True, exist_ok=True)
        (project / ".meltano" / kind).symlink_to(PIPELINE.plugins / kind)
    shutil.copy(ROOT / "meltano.yml", project)
    (project / "output").mkdir()
    before = (project / "meltano.yml").read_text()
    own = {
        "TAP_AYRSHARE_API_URL": box.config["api_url"], "TAP_AYRSHARE_API_KEY": box.config["api_key"],
        "TAP_AYRSHARE_RATE_LIMIT_REQUESTS": "100000", "TAP_AYRSHARE_RATE_LIMIT_WINDOW_SECONDS": "1",
        "TAP_DEMO_NOW": NOW,
    }  # fmt: skip
    env = PIPELINE.environment(**own)
    for name in ("MELTANO_SYS_DIR_ROOT", "MELTANO_DATABASE_URI"):
        del env[name]

    def meltano(*arguments, **more) -> str:
        done = subprocess.run(
            [MELTANO, *arguments], capture_output=True, text=True, check=False, cwd=project, env={**env, **more}
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def loaded() -> set[str]:
        files = [*(project / "output").glob("*.jsonl")]
        streams = {file.name.split(".")[0].split("-")[0] for file in files}
        for file in files:
            file.unlink()
        return streams

    run = ("run", "tap-ayrshare", "target-jsonl")
    meltano(*run, TAP_AYRSHARE__SELECT='["social_analytics.*"]')
    assert loaded() == {"social_analytics"}
    assert (project / "meltano.yml").read_text() == before
    meltano(*run)
    selected = loaded()
    assert {"social_analytics", "posts", "post_analytics", "accounts"} <= selected
    assert "reviews" not in selected

    meltano(*run, TAP_AYRSHARE_PERSONAL_DATA_STREAMS='["reviews"]')
    assert {"reviews", "accounts"} <= loaded()
