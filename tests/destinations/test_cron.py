"""The crontab of docs/scheduling.md, with what cron gives it."""

import shutil

import psycopg
import pytest

from demo.pipeline import MELTANO
from demo.postgres import running_postgres
from tests.destinations.conftest import PIPELINE
from tests.e2e.test_pipe import as_cron, crontab
from tests.support import NOW, ROOT


@pytest.fixture
def project(box, tmp_path):
    """The directory that the page speaks of: meltano.yml, .env, and Meltano in venv/."""
    place = tmp_path / "srv"
    (place / ".meltano").mkdir(parents=True)
    for kind in ("extractors", "loaders"):
        (place / ".meltano" / kind).symlink_to(PIPELINE.plugins / kind)
    (place / "venv").symlink_to(MELTANO.parent.parent)
    shutil.copy(ROOT / "meltano.yml", place)
    with running_postgres(tmp_path / "postgres") as uri, psycopg.connect(uri, autocommit=True) as database:
        url = uri.replace("postgresql://", "postgresql+psycopg://")
        settings = {
            "TAP_AYRSHARE_API_KEY": box.config["api_key"], "TAP_AYRSHARE_API_URL": box.config["api_url"],
            "TAP_AYRSHARE_RATE_LIMIT_REQUESTS": "100000", "TAP_AYRSHARE_RATE_LIMIT_WINDOW_SECONDS": "1",
            "TARGET_POSTGRES_SQLALCHEMY_URL": url, "TAP_DEMO_NOW": NOW,
        }  # fmt: skip
        (place / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
        yield place, database


def test_from_cron(box, project):
    place, database = project
    line = crontab("scheduling.md").replace("/srv/ayrshare", str(place))
    done = as_cron(line, place)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), (place / "run.log").read_text()[-3000:]
    assert database.execute("SELECT count(*) FROM ayrshare.post_analytics").fetchone()[0] > 0

    box.set_faults({"fault": "status", "status": 403, "text": '{"code": 102, "message": "API Key not valid"}'})
    failed = as_cron(line, place)
    assert failed.stdout.startswith("tap-ayrshare: exit code 1\n")
    assert "check api_key" in failed.stdout
