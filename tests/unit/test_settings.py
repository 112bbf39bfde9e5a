"""Settings: every type is read from text, and a bad value is one line without a secret."""

import json
import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tap_ayrshare.config.nearest import unknown_names
from tap_ayrshare.config.readers import Shard
from tap_ayrshare.config.settings import DEFINITION, Profile, Settings, unknown_variables
from tap_ayrshare.engine.errors import SettingsError
from tests.support import examples

SECRET = "s3cr3t-value"


def read(**config):
    return Settings.read({"api_key": SECRET, **config})


def test_defaults():
    settings = read()
    assert settings.profiles == (Profile("primary", None),)
    assert (settings.lookback_days, settings.social_quarters, settings.link_last_days) == (3, 1, 30)
    assert (settings.rate_limit_requests, settings.rate_limit_window, settings.rate_limit_reserve) == (300, 300, 0.05)
    assert settings.api_url == "https://api.ayrshare.com/api"
    assert settings.user_agent.startswith("tap-ayrshare/")


def test_text_from_the_environment_works_for_every_type():
    settings = read(
        profiles=json.dumps([{"name": "acme", "profile_key": "key-of-acme"}]),
        include_primary_profile="true",
        start_date="2026-01-31",
        platforms="facebook, Twitter",
        post_ids="a,b",
        social_post_ids='[{"platform": "youtube", "id": 5}]',
        refresh_schedule='[{"max_age_days": 2, "every_days": 1}]',
        lookback_days="5",
        rate_limit_reserve="0.2",
        request_budget="10",
        request_timeout="1.5",
        on_error="fail",
    )
    assert [profile.label for profile in settings.profiles] == ["primary", "acme"]
    assert settings.platforms == ("facebook", "twitter")
    assert [post.post_id for post in settings.post_ids] == ["a", "b"]
    assert settings.social_post_ids[0].post_id == "5"
    assert settings.refresh_schedule.last_age == 2
    assert (settings.lookback_days, settings.request_budget, settings.request_timeout) == (5, 10, 1.5)
    assert settings.fail_on_error


def test_lists_as_json_lists_and_single_words():
    assert read(platforms=["facebook"]).platforms == read(platforms="facebook").platforms
    assert read(platforms='["facebook"]').platforms == ("facebook",)
    assert read(post_ids="12345").post_ids[0].post_id == "12345"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"api_key": None}, "setting 'api_key': is missing"),
        ({"api_key": ""}, "setting 'api_key': is missing"),
        ({"api_key": "a b"}, "setting 'api_key': must be a key in plain ASCII, without whitespace"),
        ({"api_key": "a\nX-Other: 1"}, "setting 'api_key'"),
        ({"profiles": {"name": "a"}}, "setting 'profiles': must be a list of"),
        ({"profiles": ["a"]}, "entry 1 isn't one"),
        ({"profiles": [{"name": "a", "profile_key": SECRET, "x": 1}, {"name": "b"}]}, "entry 2 isn't one"),
        ({"profiles": [{"name": "a", "profile_key": SECRET + " x"}]}, "without whitespace"),
        ({"profiles": "[{"}, "this isn't valid JSON"),
        (
            {"profiles": [{"name": "Primary", "profile_key": SECRET}]},
            "entry 1 must have another name; 'primary' stands for",
        ),
        (
            {"profiles": [{"name": "a", "profile_key": "11111111"}, {"name": "a", "profile_key": "22222222"}]},
            "'a' is there twice",
        ),
        (
            {"profiles": [{"name": "a", "profile_key": SECRET}, {"name": "b", "profile_key": f" {SECRET}"}]},
            "each profile_key may be used once; 'a' and 'b' have the same",
        ),
        (
            {"profiles": [{"name": "a", "profile_key": "short-1"}]},
            "no Ayrshare key is as short as the profile_key of entry 1",
        ),
        ({"profiles": [{"name": " \n", "profile_key": SECRET}]}, "the name of entry 1 is blank"),
        ({"profiles": [{"name": "a\nb", "profile_key": SECRET}]}, "entry 1 has control characters"),
        ({"profiles": [{"name": "a\0", "profile_key": SECRET}]}, "entry 1 has control characters"),
        ({"profiles": [{"name": "a\ud800", "profile_key": SECRET}]}, "entry 1 has control characters"),
        ({"profiles": "[" * 5000}, "this isn't valid JSON"),
        ({"api_key": "1234567"}, "setting 'api_key': must be a key, and no Ayrshare key is that short"),
        ({"profiles_file": "a\0b"}, "setting 'profiles_file': can't be read: it isn't a valid path (got 'a\\x00b')"),
        ({"profiles_file": "~no-such-user/profiles.json"}, "it isn't a valid path"),
        ({"profiles_file": "."}, "setting 'profiles_file': can't be read: Is a directory (got '.')"),
        ({"profiles_file": ["a"]}, "must be the path of a JSON file"),
        ({"profiles_file": f'[{{"name": "a", "profile_key": "{SECRET}"}}]'}, "not the list itself"),
        ({"profiles": [{"name": "\u200b", "profile_key": SECRET}]}, "the name of entry 1 is blank"),
        ({"profiles": [{"name": f"a-{SECRET}", "profile_key": "11111111"}]}, "the name of entry 1 has a key in it"),
        ({"post_ids": [{"id": "a", "platform": "facebook"}]}, "is for social_post_ids"),
        ({"start_date": "2999-01-01"}, "isn't in the future (got '2999-01-01')"),
        ({"start_date": "9999-12-31T23:59:59-14:00"}, "setting 'start_date'"),
        ({"start_date": "0001-01-01T00:00:00+14:00"}, "setting 'start_date'"),
        ({"start_date": "0001-01-01"}, "in 1970 or later"),
        ({"lookback_days": 10**5000}, "setting 'lookback_days': must be a whole number"),
        ({"lookback_days": "9" * 5000}, "setting 'lookback_days'"),
        ({"lookback_days": float("inf")}, "setting 'lookback_days'"),
        ({"request_timeout": 10**5000}, "setting 'request_timeout'"),
        ({"platforms": [10**5000]}, "setting 'platforms'"),
        ({"platforms": "[" * 5000}, "setting 'platforms'"),
        ({"post_ids": [10**5000]}, "setting 'post_ids'"),
        ({"x_daily_requests": 0}, "from 1 to 1000000 (got '0')"),
        ({"x_api_key": "short", "x_api_secret": SECRET}, "no X key is that short"),
        ({"profiles_file": "/nowhere/at/all.json"}, "No such file or directory (got '/nowhere/at/all.json')"),
        ({"start_date": "2026-02-31"}, "setting 'start_date': must be a date such as"),
        ({"start_date": "tomorrow"}, "(got 'tomorrow')"),
        ({"start_date": 5}, "setting 'start_date'"),
        ({"platforms": ["myspace"]}, "(got 'myspace')"),
        ({"platforms": ["x"]}, "X is 'twitter'"),
        ({"platforms": {"a": 1}}, "setting 'platforms': must be a list of networks"),
        (
            {"post_ids": [{"id": "a", "profile": "nobody"}]},
            "must name profiles that these settings read (got 'nobody')",
        ),
        ({"post_ids": [{}]}, "setting 'post_ids'"),
        ({"social_post_ids": ["a"]}, "setting 'social_post_ids'"),
        ({"social_post_ids": [{"platform": "gmb", "id": "a"}]}, "entry 1 isn't one (got 'gmb')"),
        ({"social_quarters": 5}, "a whole number from 1 to 4 (got '5')"),
        ({"link_last_days": 0}, "from 1 to 30"),
        ({"lookback_days": 1.5}, "setting 'lookback_days'"),
        ({"rate_limit_reserve": 1}, "from 0 to 0.9"),
        ({"rate_limit_reserve": "nan"}, "from 0 to 0.9"),
        ({"request_budget": 0}, "setting 'request_budget'"),
        ({"on_error": "ignore"}, "must be skip or fail"),
        ({"shard": "5/4"}, "setting 'shard'"),
        ({"refresh_schedule": []}, "setting 'refresh_schedule'"),
        ({"refresh_schedule": [{"max_age_days": 7}]}, "setting 'refresh_schedule'"),
        (
            {"refresh_schedule": [{"max_age_days": 7, "every_days": 1}, {"max_age_days": 7, "every_days": 2}]},
            "with rising max_age_days",
        ),
        ({"x_api_key": SECRET}, "setting 'x_api_secret': is missing"),
        ({"api_url": "http://api.ayrshare.com/api"}, "setting 'api_url': must be an https URL"),
        ({"api_url": "https://user:pw@api.ayrshare.com"}, "without user, query or fragment"),
        ({"api_url": "ftp://x"}, "setting 'api_url'"),
        ({"api_url": 5}, "setting 'api_url'"),
        ({"request_timeout": -1}, "setting 'request_timeout'"),
        ({"user_agent": "a\r\nb: c"}, "setting 'user_agent'"),
        ({"include_primary_profile": "maybe"}, "must be true or false (got 'maybe')"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it_and_shows_no_secret(config, says):
    with pytest.raises(SettingsError) as caught:
        read(**config)
    message = str(caught.value)
    assert says in message
    assert "\n" not in message
    assert SECRET not in message


@pytest.mark.parametrize("url", ["http://127.0.0.1:80/api/", "http://localhost/api", "http://[::1]:5/api"])
def test_plain_http_to_this_machine(url):
    assert read(api_url=url).api_url == url.rstrip("/")


def test_profiles_file(tmp_path):
    path = tmp_path / "profiles.json"
    path.write_text(json.dumps([{"name": "acme", "profile_key": SECRET}]))
    assert read(profiles_file=str(path)).profiles == (Profile("acme", SECRET),)
    path.write_text(f"{SECRET} isn't JSON")
    with pytest.raises(SettingsError) as caught:
        read(profiles_file=str(path))
    assert SECRET not in str(caught.value)


@given(st.integers(1, 8), st.sets(st.text(min_size=1, max_size=10), max_size=30))
def test_shards_part_the_profiles(parts, labels):
    for label in labels:
        assert sum(Shard(part, parts).holds(label) for part in range(1, parts + 1)) == 1


def test_a_shard_is_the_same_on_every_machine():
    assert [label for label in ("primary", "acme", "globex", "initech") if Shard(1, 4).holds(label)] == ["acme"]


KEY = "K3Y/of-Acme+1="
OTHER = "0ther-Pr0file-Key"
SECRETS = {
    "api_key": SECRET,
    "profiles": [{"name": "acme", "profile_key": KEY}, {"name": "globex", "profile_key": OTHER}],
    "x_api_key": "x-api-key-1",
    "x_api_secret": "x-api-secret-1",
}
ALL_SECRETS = [SECRET, KEY, OTHER, "x-api-key-1", "x-api-secret-1"]


@pytest.mark.parametrize("name", sorted(set(DEFINITION["properties"]) - {"user_agent"}))
@pytest.mark.parametrize("secret", ALL_SECRETS)
def test_a_secret_given_as_another_setting_is_not_shown(name, secret):
    given_values = [secret, f"{'x' * 50}{secret}", secret.upper(), quote(secret, safe=""), [secret], {secret: secret}]
    given_values += [[{"id": "a", "profile": secret}], [{"platform": secret, "id": secret}], f"https://{secret}"]
    given_values += [[{"name": secret, "profile_key": secret}] * 2, [{secret: 1, "name": "a", "profile_key": KEY}]]
    for value in given_values:
        # A setting given twice can't tell that it holds its own former value.
        kept = {**SECRETS, name: value}
        if name in SECRETS and secret not in json.dumps([other for key, other in kept.items() if key != name]):
            continue
        try:
            shown = " ".join(Settings.read(kept).warnings)
        except SettingsError as error:
            shown = str(error)
        assert secret.lower() not in shown.lower()
        assert secret[:10].lower() not in shown.lower() or secret.startswith("x-api")
        assert quote(secret, safe="").lower() not in shown.lower()
        assert shown.isprintable()


def test_an_unknown_key_of_a_profile_is_warned_about():
    settings = read(profiles=[{"name": "a", "profile_key": KEY, "profileKey": OTHER, "colour": 1}])
    assert settings.warnings == (
        "setting 'profiles', entry 1: 'colour' is unknown and ignored",
        "setting 'profiles', entry 1: 'profileKey' is unknown and ignored; did you mean 'profile_key'?",
    )
    assert read().warnings == ()


def test_a_name_may_have_any_visible_character():
    labels = ["Caf\u00e9\u00a0Paris", "\U0001f469\u200d\U0001f4bb", "primary school"]
    profiles = [{"name": label, "profile_key": f"key-of-{position}"} for position, label in enumerate(labels)]
    assert [profile.label for profile in read(profiles=profiles).profiles] == labels


def test_the_same_name_or_key_in_both_lists(tmp_path):
    path = tmp_path / "profiles.json"
    path.write_text(json.dumps([{"name": "acme", "profile_key": OTHER}, {"name": "globex", "profile_key": KEY}]))
    with pytest.raises(
        SettingsError, match="setting 'profiles_file': each name may be used once, and 'acme' is there twice"
    ):
        read(profiles=[{"name": "acme", "profile_key": KEY}], profiles_file=str(path))
    with pytest.raises(SettingsError, match="'initech' and 'globex' have the same"):
        read(profiles=[{"name": "initech", "profile_key": KEY}], profiles_file=str(path))


def test_unknown_names_come_with_the_nearest_known_one():
    assert unknown_names(["start_dat", "api_key", "zzz"], ["api_key", "start_date"]) == [
        "'start_dat' is unknown and ignored; did you mean 'start_date'?",
        "'zzz' is unknown and ignored",
    ]


def test_misspelled_environment_variables():
    environment = {
        "TAP_AYRSHARE_STRAT_DATE": "1",
        "tap_ayrshare_shard": "1",
        "PATH": "/bin",
        "TAP_AYRSHARE_API_KEY": "1",
    }
    environment |= {"TAP_AYRSHARE_LOGLEVEL": "DEBUG", "TAP_AYRSHARE__SELECT": "[]"}
    assert unknown_variables(environment, DEFINITION["properties"]) == [
        "'TAP_AYRSHARE_STRAT_DATE' is unknown and ignored; did you mean 'TAP_AYRSHARE_START_DATE'?",
        "'tap_ayrshare_shard' is unknown and ignored; did you mean 'TAP_AYRSHARE_SHARD'?",
    ]


def test_requests_to_x_a_day():
    assert read().x_daily_requests is None
    assert read(x_daily_requests="250").x_daily_requests == 250


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe", "it isn't UTF-8 text"),
        (b"[" * 100_000, "this isn't valid JSON"),
        (b"[" + b"9" * 5000 + b"]", "this isn't valid JSON"),
        (b"", "this isn't valid JSON"),
        (b"{}", "setting 'profiles_file': must be a list"),
    ],
)
def test_a_profiles_file_that_is_not_usable(tmp_path, content, says):
    path = tmp_path / "profiles.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        read(profiles_file=str(path))
    assert says in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_key_of_the_file_is_not_shown_either(tmp_path):
    path = tmp_path / "profiles.json"
    path.write_text(json.dumps([{"name": "acme", "profile_key": KEY}]))
    with pytest.raises(SettingsError) as caught:
        read(profiles_file=str(path), shard=KEY)
    assert KEY not in str(caught.value)


plain_values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(4900, 5100).map(lambda digits: 10**digits)
    | st.floats()
    | st.decimals()
    | st.text(st.characters())
    | st.sampled_from([*ALL_SECRETS, f"a{SECRET}b", "2026-01-31", "~x", "a\0", "9" * 5000, "[" * 3000, "9999-12-31"])
)
json_values = st.recursive(
    plain_values,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "profile_key", "id", "profile", "platform", "max_age_days", "every_days", SECRET])
            | st.text(max_size=8),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@hypothesis_settings(max_examples=examples(1000), deadline=None)
@given(st.sampled_from(sorted(DEFINITION["properties"])), json_values)
def test_any_value_is_read_or_refused_in_one_line(name, value):
    others = json.dumps({other: kept for other, kept in SECRETS.items() if other != name})
    try:
        shown = Settings.read({**SECRETS, name: value}).warnings
    except SettingsError as error:
        shown = (str(error),)
    for line in shown:
        assert re.match(r"setting '(\w+)'", line)[1] in DEFINITION["properties"]
        assert line.isprintable()
        assert not any(secret in line for secret in ALL_SECRETS if secret in others)
