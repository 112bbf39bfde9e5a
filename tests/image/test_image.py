"""The images, built from the Dockerfile and run: their user, what is in them, a whole shard into PostgreSQL."""

import json
import re

import psycopg
import pytest

from demo.postgres import running_postgres
from tests.image.buildah import build, buildah, clean
from tests.support import ROOT

VERSION = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)[1]
LIMIT_MB = {"tap": 100, "meltano": 550}
"""What an image may add to its base; docs/images.md has what it was."""


@pytest.fixture(scope="session")
def storage():
    clean()
    yield
    clean()


@pytest.fixture(scope="session", params=["tap", "meltano"])
def image(request, storage):
    return request.param, build(request.param)


@pytest.fixture
def container(image):
    name = buildah("from", image[1]).strip()
    yield name
    buildah("rm", name)


def inside(container, *command, **env):
    """Run a command in a container as its user; the network is this machine's, where sandbox and database are."""
    settings = [part for name, value in env.items() for part in ("--env", f"{name}={value}")]
    return buildah("run", "--isolation", "chroot", "--network", "host", *settings, container, "--", *command)


def test_what_it_says_of_itself(image):
    target, name = image
    config = json.loads(buildah("inspect", "--type", "image", name))["OCIv1"]
    labels = config["config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == VERSION
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert (
        labels["org.opencontainers.image.title"]
        == {"tap": "tap-ayrshare", "meltano": "tap-ayrshare with Meltano"}[target]
    )
    assert config["config"]["User"] == "10001:10001"


def test_it_is_small(image):
    target, name = image
    layers = json.loads(json.loads(buildah("inspect", "--type", "image", name))["Manifest"])["layers"]
    added = sum(layer["size"] for layer in layers[1:]) / 1e6
    print(f"{target} adds {added:.0f} MB to its base of {layers[0]['size'] / 1e6:.0f} MB")  # noqa: T201
    assert added < LIMIT_MB[target]


def test_no_privileges_no_compiler_nothing_to_write(container):
    tools = "for tool in gcc cc g++ make; do command -v $tool && exit 1; done; true"
    inside(container, "sh", "-c", f"test $(id -u) = 10001 && {tools}")
    written = "touch /opt/tap/x 2> /dev/null && exit 1; touch /project/x 2> /dev/null && exit 1; touch /tmp/x"
    inside(container, "sh", "-c", written)
    assert inside(container, "tap-ayrshare", "--version").startswith(f"tap-ayrshare v{VERSION}, ")


def test_it_reads_a_shard(image, container, sandbox, tmp_path):
    target, _ = image
    box = sandbox("--posts", "6", "--days", "40", "--profiles", "1")
    settings = {
        "TAP_AYRSHARE_API_URL": box.config["api_url"], "TAP_AYRSHARE_API_KEY": box.config["api_key"],
        "TAP_AYRSHARE_PROFILES": json.dumps(box.config["profiles"]), "TAP_AYRSHARE_RATE_LIMIT_REQUESTS": "100000",
        "TAP_AYRSHARE_RATE_LIMIT_WINDOW_SECONDS": "1",
    }  # fmt: skip
    if target == "tap":
        lines = inside(container, "tap-ayrshare", "--config", "ENV", **settings).splitlines()
        assert sum(json.loads(line)["type"] == "RECORD" for line in lines) > 100
        return
    with running_postgres(tmp_path) as uri:
        url = uri.replace("postgresql://", "postgresql+psycopg://")
        with psycopg.connect(uri) as database:
            info = database.info
            target = {"HOST": info.host, "PORT": str(info.port), "USER": info.user, "PASSWORD": info.password,
                      "DATABASE": info.dbname}  # fmt: skip
        settings |= {f"TARGET_POSTGRES_{name}": value for name, value in target.items()}
        settings |= {"MELTANO_DATABASE_URI": url, "AYRSHARE_STEPS": "tap-ayrshare target-postgres dbt-postgres:build"}
        program = ["python3", "/project/ayrshare_shard.py"]
        out = inside(container, *program, AYRSHARE_SHARDS="1", JOB_COMPLETION_INDEX="0", **settings)
        result = json.loads(out.splitlines()[-1])
        assert result["shard"] == "shard-1-of-1"
        with psycopg.connect(uri) as database:
            loaded = database.execute("SELECT count(*) FROM ayrshare.posts").fetchone()[0]
            state = database.execute("SELECT state_id FROM state").fetchall()
            models = database.execute(
                "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'ayrshare_models'"
            ).fetchone()[0]
    assert loaded == result["records"]["posts"] > 0
    assert state == [("prod:tap-ayrshare-to-target-postgres:shard-1-of-1",)]
    assert models > 0
