"""The contract's gate: what breaks users needs a major version, what adds a minor one, and the changelog says it."""

import copy
import json
import shutil
from pathlib import Path

import pytest

from tools import gate, meaning, models

ROOT = Path(__file__).parent.parent


@pytest.fixture
def checkout(tmp_path):
    """A copy of what the gate reads, as if the contract had been released as it is now."""
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    (tmp_path / "tools").mkdir()
    (tmp_path / gate.RELEASED).write_text(json.dumps(gate.summary(ROOT / "schemas")))
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n")
    return tmp_path


def edit(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def column(checkout, change, stream="post_analytics"):
    edit(checkout / "schemas" / f"{stream}.json", lambda schema: change(schema["properties"]))


def version(checkout, value):
    edit(checkout / "schemas" / "contract.json", lambda contract: contract.update(version=value))


def current():
    return json.loads((ROOT / "schemas" / "contract.json").read_text())["version"]


def next_version(*, major):
    old = [int(part) for part in current().split(".")]
    return f"{old[0] + 1}.0" if major else f"{old[0]}.{old[1] + 1}"


def test_the_contract_as_it_is():
    assert gate.check() == []


BREAKING = {
    "post_analytics: column likes is gone": lambda c: column(c, lambda p: p.pop("likes")),
    "post_analytics: column comments is gone": lambda c: column(c, lambda p: p.update(replies=p.pop("comments"))),
    "post_analytics: the type of column likes was integer or null, is null or string": lambda c: column(
        c, lambda p: p["likes"].update(type=["string", "null"])
    ),
    "social_analytics_daily: the type of column value was null or number, is integer or null": lambda c: column(
        c, lambda p: p["value"].update(type=["integer", "null"]), "social_analytics_daily"
    ),
    "posts: the type of column published_at was string (date-time), is string": lambda c: column(
        c, lambda p: p["published_at"].pop("format"), "posts"
    ),
    "posts: key_properties was profile, post_id, is post_id": lambda c: edit(
        c / "schemas" / "contract.json", lambda d: d["streams"]["posts"].update(key_properties=["post_id"])
    ),
    "posts: replication_key was published_at, is None": lambda c: edit(
        c / "schemas" / "contract.json", lambda d: d["streams"]["posts"].update(replication_key=None)
    ),
    "posts: column status was not required, is required": lambda c: edit(
        c / "schemas" / "posts.json", lambda schema: schema["required"].append("status")
    ),
    "stream accounts is gone": lambda c: edit(
        c / "schemas" / "contract.json", lambda d: d["streams"].pop("accounts")
    ),
    "mapping of post facebook likes: was likeCount, is reactions.like": lambda c: edit(
        c / "schemas" / "metrics.json", lambda d: d["post"]["facebook"]["likes"].update(paths=["reactions.like"])
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKING)
def test_what_breaks_users_needs_a_major_version(checkout, what):
    assert gate.check(checkout) == []
    BREAKING[what](checkout)
    wrong = gate.check(checkout)
    assert any(line.startswith(what) and line.endswith("this breaks users") for line in wrong), wrong
    assert f"raise the major version of the contract to {next_version(major=True)}" in wrong[-1]
    version(checkout, next_version(major=False))
    assert gate.check(checkout) != []
    version(checkout, next_version(major=True))
    assert "say in CHANGELOG.md what changed" in gate.check(checkout)[-1]
    (checkout / "CHANGELOG.md").write_text(f"Contract {next_version(major=True)}: something else.\n")
    assert gate.check(checkout) == []


ADDITIONS = {
    "post_analytics: column mood is new": lambda c: column(c, lambda p: p.update(mood={"type": ["string", "null"]})),
    "mapping of post reddit likes: was nothing, is ups": lambda c: edit(
        c / "schemas" / "metrics.json", lambda d: d["post"].setdefault("reddit", {}).update(likes={"paths": ["ups"]})
    ),
    "mapping of post facebook likes: was likeCount, is likeCount, likes": lambda c: edit(
        c / "schemas" / "metrics.json", lambda d: d["post"]["facebook"]["likes"]["paths"].append("likes")
    ),
    "profiles: the type of column profile was string, is null or string": lambda c: column(
        c, lambda p: p["profile"].update(type=["string", "null"]), "profiles"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ADDITIONS)
def test_an_addition_needs_a_minor_version(checkout, what):
    ADDITIONS[what](checkout)
    wrong = gate.check(checkout)
    assert wrong[0] == f"{what}: this is an addition"
    assert f"raise the minor version of the contract to {next_version(major=False)}" in wrong[-1]
    version(checkout, next_version(major=False))
    (checkout / "CHANGELOG.md").write_text(f"## Unreleased\n\n* Contract {next_version(major=False)}: more.\n")
    assert gate.check(checkout) == []


def test_words_are_free(checkout):
    column(checkout, lambda p: p["likes"].update(description="Other words"))
    assert gate.check(checkout) == []


def test_the_version_never_goes_back():
    now = gate.summary(ROOT / "schemas")
    later = copy.deepcopy(now)
    later["version"] = "9.0"
    assert "went back" in gate.verdict(later, now, "")[0]


def test_a_version_that_is_none():
    now = gate.summary(ROOT / "schemas")
    with pytest.raises(SystemExit, match=r"major\.minor, such as 1\.0, not 'one'"):
        gate.verdict(now, {**now, "version": "one"}, "")


UNSAID = {
    "post facebook likes: `counts` is missing": lambda m: m["post"]["facebook"]["likes"].pop("counts"),
    "account gmb clicks: `source` is missing": lambda m: m["comparable"]["account"]["gmb"]["clicks"].pop("source"),
    "post bluesky shares: a promoted column is exact, not derived": lambda m: m["post"]["bluesky"]["shares"].update(
        basis="derived"
    ),
    "post linkedin reach: `why` is missing": lambda m: m["comparable"]["post"]["linkedin"]["reach"].pop("why"),
    "post tiktok likes: `kind` is total": lambda m: m["columns"]["post"]["likes"].update(kind="total"),
    "native youtube views: `additive` does not say yes or no": lambda m: m["columns"]["post"]["views"]["additive"].pop(
        "posts"
    ),
    "ad facebook spend: `source` is missing": lambda m: m["ad"]["facebook"]["spend"].pop("source"),
    "post twitter shares: quotes is no known field": lambda m: m["comparable"]["post"]["twitter"]["shares"].update(
        parts=["publicMetrics.retweetCount", "quotes"]
    ),
}


@pytest.mark.parametrize("what", UNSAID)
def test_every_metric_says_what_it_means(monkeypatch, what):
    metrics = copy.deepcopy(meaning.load("metrics.json"))
    monkeypatch.setattr(meaning, "load", lambda _name: metrics)
    assert meaning.incomplete() == []
    UNSAID[what](metrics)
    assert any(line.startswith(what) for line in meaning.incomplete()), meaning.incomplete()


def test_the_models_are_those_of_the_contract():
    assert [path.name for path, text in models.files().items() if path.read_text() != text] == []
