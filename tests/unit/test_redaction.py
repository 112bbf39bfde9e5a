"""No form of a secret comes through, and nothing else is touched."""

import base64
import json
import logging
import string
import sys
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tap_ayrshare.engine.redaction import Redactor, SecretFormatter
from tap_ayrshare.engine.values import parse_json

KEY = "8jKs-/+9Xq_Zp.7="
printable = st.text(string.ascii_letters + string.digits + string.punctuation.replace("*", ""), min_size=8, max_size=40)
around = st.text(max_size=12)


def escaped(text):
    return "".join(f"\\u{ord(character):04x}" for character in text)


def slashed(text):
    return json.dumps(text)[1:-1].replace("/", "\\/")


def percent(text):
    return "".join(f"%{ord(character):02X}" for character in text)


ENCODINGS = {
    "plain": lambda text: text,
    "lower": str.lower,
    "upper": str.upper,
    "swapped": str.swapcase,
    "slashed": slashed,
    "escaped": escaped,
    "escaped in capitals": lambda text: escaped(text).upper(),
    "quoted": lambda text: quote(text, safe=""),
    "percent": percent,
    "percent in small letters": lambda text: percent(text).lower(),
    "half percent": lambda text: text[:3].replace("%", "%25") + percent(text[3:5]) + text[5:].replace("%", "%25"),
    "half escaped": lambda text: slashed(text[:3]) + escaped(text[3:5]) + slashed(text[5:]),
}


def forms_in(secret, text):
    """Tell whether a secret can be got out of a text by undoing encodings one after another."""
    seen = [text]
    for layer in seen:
        if secret.lower() in layer.lower():
            return True
        unescaped = json_unescaped(layer)
        unquoted = percent_unescaped(layer)
        seen += [plain for plain in (unescaped, unquoted) if plain not in seen and len(seen) < 20]
    return False


def json_unescaped(text):
    try:
        return json.loads(f'"{text}"', strict=False)
    except ValueError:
        return text


def percent_unescaped(text):
    out, at = "", 0
    while at < len(text):
        digits = text[at + 1 : at + 3]
        if text[at] == "%" and len(digits) == 2 and set(digits) <= set("0123456789abcdefABCDEF") and digits < "8":
            out, at = out + chr(int(digits, 16)), at + 3
        else:
            out, at = out + text[at], at + 1
    return out


@given(printable, st.lists(st.sampled_from(sorted(ENCODINGS)), min_size=1, max_size=3), around, around)
@example(KEY, ["slashed", "percent", "escaped"], "", "")
@example(KEY, ["escaped", "escaped", "slashed"], "", "")
@example(KEY, ["escaped", "swapped"], "", "")
@example("0000%000", ["quoted"], "", "")
@example("00000000", ["half escaped"], "%", "")
@example("%41bcdef\\u0042", ["slashed"], "", "")
def test_no_encoding_of_a_secret_stays(secret, encodings, before, after):
    form = secret
    for name in encodings:
        form = ENCODINGS[name](form)
    assume("percent" not in encodings or not set(before[-4:] + after[:2]) & set("%\\"))
    assume(not before.endswith("\\"))
    clean = Redactor([secret]).text(f"{before}{form}{after}")
    assert "***" in clean
    assert form not in clean
    assert not forms_in(secret, clean)


@given(printable, st.binary(max_size=7), st.binary(max_size=7), st.booleans(), st.sampled_from(sorted(ENCODINGS)))
def test_no_base64_of_a_secret_stays(secret, before, after, urlsafe, encoding):
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    form = encode(before + secret.encode() + after).decode()
    clean = Redactor([secret]).text(f"Authorization: Basic {ENCODINGS[encoding](form)}")
    assert "***" in clean
    assert ENCODINGS[encoding](form) not in clean


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(printable, st.sampled_from(sorted(ENCODINGS)), json_values, st.booleans(), st.sampled_from(["utf-8", "utf-16"]))
def test_no_secret_comes_out_of_a_body(secret, encoding, other, ascii_only, charset):
    form = ENCODINGS[encoding](secret)
    body = {"other": other, "message": f"no such key: {form}", form: [form, {"key": [f"x{form}"]}], "code": 102}
    text = json.dumps(body, ensure_ascii=ascii_only).replace("/", "\\/" if ascii_only else "/")
    raw = text.encode(charset, "surrogatepass")
    clean = Redactor([secret]).body(raw, json.loads(text))
    assert clean["message"] == "no such key: ***"
    assert clean["***"] == ["***", {"key": ["x***"]}]
    assert clean["code"] == 102


@pytest.mark.parametrize(
    "raw",
    [
        KEY,
        KEY.upper(),
        KEY.replace("/", "\\/"),
        KEY.replace("8", "\\u0038").replace("/", "\\/"),
        "".join(f"\\u{ord(c):04X}" for c in KEY),
        KEY.replace("-", "\\u0000-"),
        quote(KEY, safe=""),
        quote(quote(KEY, safe=""), safe=""),
        quote(KEY, safe="").replace("%", "\\u0025"),
        base64.b64encode(f"user:{KEY}".encode()).decode().replace("/", "\\/"),
        quote(base64.b64encode(KEY.encode()).decode(), safe=""),
    ],
)
def test_what_is_escaped_in_the_bytes_is_found_in_the_values(raw):
    raw = f'{{"status": "error", "message": "key {raw} unknown"}}'.encode()
    clean = Redactor([KEY, "another-secret"]).body(raw, parse_json(raw))
    assert clean["message"].startswith("key ")
    assert clean["message"].endswith(" unknown")
    assert "***" in clean["message"]
    assert not forms_in(KEY, clean["message"])


def test_a_body_without_a_secret_is_the_same_object():
    parsed = {"url": "https://example.com/a%20b", "text": '\u00e9 \\ "'}
    raw = json.dumps(parsed).replace("/", "\\/").encode()
    assert Redactor([KEY]).body(raw, parsed) is parsed
    assert Redactor([]).body(raw, parsed) is parsed
    assert Redactor([""]).text("anything") == "anything"


@given(st.text(max_size=60), st.lists(printable, max_size=3))
@example("100%25 of 5\\u0031 \\/ %41", [KEY])
def test_text_without_a_secret_stays_as_it_is(text, secrets):
    text = "".join(character for character in text if unicodedata.category(character) != "Cs")
    assume(not any(forms_in(secret, text) for secret in secrets))
    assert Redactor(secrets).text(text) == text


def test_numbers_are_left_alone():
    assert Redactor(["12345678"]).value([12345678, "12345678", {"12345678": True}]) == [12345678, "***", {"***": True}]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("key abc1 refused", "key *** refused"),
        ("abc1", "***"),
        ("ABC1, abc1.", "***, ***."),
        ("xabc1 abc12 abc_abc1", "xabc1 abc12 abc_abc1"),
        ("a%20abc1%20b", "a%20***%20b"),
        ("a\\nabc1", "a\\n***"),
        (f"Basic {base64.b64encode(b'abc1').decode()}", "Basic ***=="),
    ],
)
def test_a_short_secret_is_taken_out_where_it_stands_alone(text, clean):
    assert Redactor(["abc1"]).text(text) == clean


def test_one_secret_inside_another():
    assert Redactor(["secret-one", "secret-one-and-two"]).text("secret-one-and-two secret-one") == "*** ***"
    assert Redactor(["abcdefgh", "cdefghij"]).text("abcdefghij") == "***"


def test_many_secrets():
    secrets = [f"profile-key-{number:04}" for number in range(300)]
    redactor = Redactor(secrets)
    assert all(redactor.text(f"<{secret}>") == "<***>" for secret in secrets)
    assert redactor.text("profile-") == "profile-"


def test_a_log_line_and_its_traceback():
    try:
        raise ValueError(quote(KEY, safe=""))
    except ValueError:
        record = logging.LogRecord("tap", logging.ERROR, __file__, 1, "failed: %s", (KEY,), sys.exc_info())
    line = SecretFormatter(None, [KEY]).format(record)
    assert line.startswith("failed: ***\nTraceback")
    assert line.endswith("ValueError: ***")
    assert not forms_in(KEY, line)
