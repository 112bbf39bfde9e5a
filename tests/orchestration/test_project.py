"""meltano.yml as a project of its own: Meltano reads .env.example, and rewrites the file without losing a word."""

import re
import shutil
import subprocess

import pytest
import yaml

from demo.pipeline import MELTANO
from tests.e2e.test_command_line import as_docker_reads_it, filled_in
from tests.support import ROOT, environment


@pytest.fixture
def project(tmp_path):
    """Return a function that runs Meltano in a copy of the project."""
    shutil.copy(ROOT / "meltano.yml", tmp_path)
    env = {**environment(None), "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1",
           "MELTANO_CLI_DISABLE_VERSION_CHECK": "true", "PYTHONPATH": ""}  # fmt: skip

    def run(*arguments, **more):
        done = subprocess.run(
            [str(MELTANO), *arguments], capture_output=True, text=True, check=False, cwd=tmp_path, env={**env, **more}
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run.file = tmp_path / "meltano.yml"
    return run


def comments(text: str) -> list[str]:
    return re.findall(r"^ *#.*$", text, flags=re.MULTILINE)


def test_a_file_that_meltano_has_rewritten_has_all_its_notes_and_settings(project):
    before = project.file.read_text()
    project("select", "tap-ayrshare", "posts", "text")
    project("config", "set", "tap-ayrshare", "lookback_days", "4")
    after = project.file.read_text()
    assert after != before
    assert comments(after) == comments(before)
    old, new = yaml.safe_load(before), yaml.safe_load(after)
    (extractor,) = new["plugins"]["extractors"]
    assert extractor["select"].pop() == "posts.text"
    assert extractor.pop("config", None) or new["environments"][0].pop("config")
    # In YAML 1.1, which is not Meltano's, the word off that Meltano leaves without quotes is false.
    options = next(s for s in extractor["settings"] if s["name"] == "bulk_analytics")["options"]
    options[1] = {"label": "off", "value": "off"}
    assert new == old


@pytest.mark.parametrize("is_in_file", [True, False])
def test_meltano_reads_the_example_from_its_file_and_from_a_containers_environment(project, api, tmp_path, is_in_file):
    text = filled_in(api, tmp_path)
    if is_in_file:
        (project.file.parent / ".env").write_text(text)
    env = {} if is_in_file else as_docker_reads_it(text)
    config = yaml.safe_load(project("config", "print", "tap-ayrshare", "--format", "json", **env))
    assert config["platforms"] == ["instagram", "linkedin"]
    assert config["personal_data_streams"][0] == "comments"
    assert config["stream_maps"]["comments"]["author_id"] == "__NULL__"
    assert config["refresh_schedule"][0] == {"max_age_days": 7, "every_days": 1}
