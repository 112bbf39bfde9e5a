"""HTTP as curl reads it, the way through proxies, and what is said where no answer comes: over real sockets."""

import asyncio
import base64
import contextlib
import gzip
import json
import os
import ssl
import zlib

import pytest

from tap_ayrshare.engine.bodies import BodyTooLong
from tap_ayrshare.engine.errors import SettingsError
from tap_ayrshare.engine.exchange import Options, Request
from tap_ayrshare.engine.route import proxy_for, trusted
from tap_ayrshare.engine.transport import NO_ANSWER, Client
from tests.support import ROOT

DATA = ROOT / "tests" / "data"
BODY = json.dumps({"status": "success", "text": "words " * 500}).encode()
OK = b"HTTP/1.1 200 OK\r\n"
VARIABLES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
)
KEY = "key-of-the-account"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def whole(body, *headers, version=b"1.1"):
    return b"\r\n".join([b"HTTP/%b 200 OK" % version, b"Content-Length: %d" % len(body), *headers, b"", body])


async def answering(raw, context=None):
    """Start a server that answers everything with these bytes and closes; return its port."""

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    return server, server.sockets[0].getsockname()[1]


async def sent(url, timeout=5):
    """Send a request; return the body, or what is said of the failure."""
    client = Client(Options(url, KEY, "test", timeout, None, 2, 2, 100, 1, 0), [KEY])
    async with client.opened():
        try:
            _, _, raw = await client.send(Request("GET", "/user", "accounts", {"id": "p1"}), {})
        except NO_ANSWER as error:
            return client.failure(error)
    return raw


def ask(raw, **more):
    async def run():
        server, port = await answering(raw)
        async with server:
            return await sent(f"http://127.0.0.1:{port}/api", **more)

    return asyncio.run(run())


def deflated(body, bits=zlib.MAX_WBITS):
    squeeze = zlib.compressobj(wbits=bits)
    return squeeze.compress(body) + squeeze.flush()


HALF = len(BODY) // 2


def zipped(data, level=9):
    """Return data in gzip, the same bytes in every process: its header has a time in it."""
    return gzip.compress(data, level, mtime=0)


MEMBERS = zipped(BODY[:HALF]) + zipped(BODY[HALF:])


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (BODY, None),
        (zipped(BODY), "gzip"),
        (zipped(BODY), "GZIP"),
        (zipped(BODY), "x-gzip"),
        (MEMBERS, "gzip"),
        (zipped(BODY[:HALF]) + b"\0" * 40 + zipped(BODY[HALF:]), "gzip"),
        (MEMBERS + b"trailing bytes", "gzip"),
        (zipped(BODY) + b"\0" * 512, "gzip"),
        (zipped(BODY) + b"\x1f", "gzip"),
        (zipped(BODY), None),
        (zipped(BODY), "utf-8"),
        (zipped(BODY), "identity, gzip"),
        (zipped(zipped(BODY)), "gzip, gzip"),
        (zipped(deflated(BODY)), "deflate, gzip"),
        (deflated(BODY), "deflate"),
        (deflated(BODY, -zlib.MAX_WBITS), "deflate"),
        (deflated(BODY) + b"trailing", "deflate"),
        *(
            (BODY, name)
            for name in ("identity", "none", "utf-8", "UTF8", "", "gzip", "deflate", "br", "zstd", "gzip, br")
        ),
        (b"", "gzip"),
    ],
)
def test_whatever_content_encoding_says_the_bytes_decide(body, encoding):
    headers = [] if encoding is None else [f"Content-Encoding: {encoding}".encode()]
    assert ask(whole(body, *headers)) == (BODY if body else b"")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (whole(zipped(BODY)[:-9], b"Content-Encoding: gzip"), "invalid_body: the body was cut off"),
        (whole(b"\x1f\x8b" + BODY, b"Content-Encoding: gzip"), "invalid_body: the body can't be inflated"),
        (whole(b"\x8b\x02\x80words", b"Content-Encoding: br"), "invalid_body: the body comes in the encoding 'br'"),
        (whole(BODY)[:-9], "invalid_body: the body was cut off (Response payload is not completed"),
        (b"", "reset: the connection was reset (Server disconnected)"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "transport: the answer could not be read (400 "),
        (OK + b"X-Long: " + b"x" * 70_000 + b"\r\n\r\n", "transport: the answer could not be read (400 "),
    ],
)
def test_where_no_answer_can_be_read_the_library_s_own_words_say_why(raw, says):
    refusal = ask(raw)
    assert str(refusal).startswith(says)
    assert refusal.transient
    assert "p1" not in refusal.message


def test_a_secret_in_the_words_of_a_library_is_taken_out():
    refusal = ask(b"HTTP/1.1 2OO " + KEY.encode() + b"\r\n\r\n")
    assert refusal.code == "transport"
    assert KEY not in str(refusal)


@pytest.mark.parametrize(
    "raw",
    [
        whole(BODY, version=b"1.0"),
        b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + BODY,
        OK + b"Connection: close\r\n\r\n" + BODY,
        b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" + whole(BODY),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + whole(BODY),
        whole(BODY, b"X-Long: " + b"x" * 64_000),
        whole(BODY, *(b"X-%d: %b" % (n, b"x" * 4000) for n in range(15))),
        whole(BODY, b"X-Latin: caf\xe9"),
    ],
)  # fmt: skip
def test_http_as_curl_reads_it(raw):
    assert ask(raw) == BODY


def test_bombs_are_bounded_in_every_layer():
    bomb = zipped(zipped(b" " * (80 << 20), 1), 1)
    refusal = ask(whole(bomb, b"Content-Encoding: gzip"), timeout=60)
    assert str(refusal) == "invalid_body: the body is too long"
    assert BodyTooLong in NO_ANSWER


# Proxies

HTTPS, HTTP = "https://api.example.com/api", "http://api.example.com:8080/api"


@pytest.mark.parametrize(
    ("url", "environment", "address", "variable"),
    [
        (HTTPS, {}, None, None),
        (HTTPS, {"HTTPS_PROXY": "http://proxy:3128"}, "proxy:3128", "HTTPS_PROXY"),
        (HTTPS, {"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:2"}, "low:1", "https_proxy"),
        (HTTPS, {"https_proxy": "", "HTTPS_PROXY": "http://up:2"}, None, None),
        (HTTPS, {"HTTPS_PROXY": "proxy:3128"}, "proxy:3128", "HTTPS_PROXY"),
        (HTTPS, {"HTTPS_PROXY": " 10.0.0.7 "}, "10.0.0.7:80", "HTTPS_PROXY"),
        (HTTPS, {"HTTP_PROXY": "http://proxy:3128"}, None, None),
        (HTTP, {"HTTP_PROXY": "http://proxy:3128"}, "proxy:3128", "HTTP_PROXY"),
        (HTTP, {"HTTPS_PROXY": "http://proxy:3128"}, None, None),
        (HTTPS, {"ALL_PROXY": "proxy:3128"}, "proxy:3128", "ALL_PROXY"),
        (HTTPS, {"ALL_PROXY": "all:1", "HTTPS_PROXY": "one:2"}, "one:2", "HTTPS_PROXY"),
        (HTTPS, {"HTTPS_PROXY": "https://user:hush@proxy"}, "proxy:443", "HTTPS_PROXY"),
        *((HTTPS, {"HTTPS_PROXY": "proxy:1", "NO_PROXY": names}, None, None)
          for names in ("*", "api.example.com", "example.com", ".example.com", "*.example.com", "a.b, API.example.com ",
                        "api.example.com:443", "example.com:443")),
        *((HTTPS, {"HTTPS_PROXY": "proxy:1", "NO_PROXY": names}, "proxy:1", "HTTPS_PROXY")
          for names in ("", ",", "ample.com", "api.example.com:80", "10.0.0.0/8", "com.example")),
        ("https://10.1.2.3/api", {"HTTPS_PROXY": "proxy:1", "no_proxy": "10.0.0.0/8"}, None, None),
        ("https://10.1.2.3/api", {"HTTPS_PROXY": "proxy:1", "no_proxy": "10.1.2.3"}, None, None),
        ("https://11.1.2.3/api", {"HTTPS_PROXY": "proxy:1", "no_proxy": "10.0.0.0/8"}, "proxy:1", "HTTPS_PROXY"),
        ("https://localhost:9/api", {"HTTPS_PROXY": "proxy:1"}, None, None),
        ("http://127.0.0.1:9/api", {"ALL_PROXY": "proxy:1"}, None, None),
        ("http://[::1]:9/api", {"ALL_PROXY": "proxy:1"}, None, None),
    ],
)  # fmt: skip
def test_which_proxy_the_environment_names(url, environment, address, variable):
    found = proxy_for(url, environment)
    assert (found.address, found.variable) == (address, variable) if address else found is None


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("socks5://someone:hush-hush@127.0.0.1:9", "names a SOCKS proxy (127.0.0.1:9)"),
        ("socks5h://127.0.0.1", "names a SOCKS proxy (127.0.0.1:1080)"),
        ("ftp://127.0.0.1:9", "names a proxy of the type 'ftp'"),
        ("http://", "must be the URL of a proxy"),
        ("http://proxy:port", "must be the URL of a proxy"),
    ],
)
def test_a_proxy_that_can_t_be_used_is_one_line_without_its_password(value, says):
    with pytest.raises(SettingsError) as raised:
        proxy_for(HTTPS, {"ALL_PROXY": value})
    assert str(raised.value).startswith(f"ALL_PROXY: {says}")
    assert "hush" not in str(raised.value)
    assert raised.value.exit_code == 2


class Tunnel:
    """A proxy that wants a password, and leads every CONNECT to one port."""

    def __init__(self, port, password="open-sesame"):
        self.port, self.asked, self.tunnels = port, [], []
        self.expected = b"Basic " + base64.b64encode(f"someone:{password}".encode())

    async def serve(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split(b"\r\n")[0].decode())
        if self.expected not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        inner, outer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.tunnels.append(asyncio.gather(_copied(reader, outer), _copied(inner, writer)))


async def _copied(reader, writer):
    with contextlib.suppress(OSError):
        while piece := await reader.read(1 << 16):
            writer.write(piece)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def through_a_proxy(monkeypatch, user="someone:open-sesame@", **environment):
    """Ask a TLS server with a CA of its own, through a proxy; return what came, and what the proxy was asked for."""

    async def run():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(DATA / "own_server.pem")
        server, port = await answering(whole(BODY), context)
        tunnel = Tunnel(port)
        proxy = await asyncio.start_server(tunnel.serve, "127.0.0.1", 0)
        monkeypatch.setenv("HTTPS_PROXY", f"http://{user}127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
        async with server, proxy:
            found = await sent("https://api.example.test/api")
            await asyncio.wait_for(asyncio.gather(*tunnel.tunnels), 10)
            return found, tunnel.asked

    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    return asyncio.run(run())


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_behind_a_proxy_with_a_ca_of_its_own(monkeypatch, variable):
    """The example of docs/proxy.md."""
    found, asked = through_a_proxy(monkeypatch, **{variable: DATA / "own_ca.pem"})
    assert found == BODY
    assert asked == ["CONNECT api.example.test:443 HTTP/1.1"]
    assert variable in (ROOT / "docs" / "proxy.md").read_text()


def test_a_proxy_that_wants_a_password_is_one_line(monkeypatch):
    found, _ = through_a_proxy(monkeypatch, "someone:wrong-password@", SSL_CERT_FILE=DATA / "own_ca.pem")
    assert "that HTTPS_PROXY names answers 407 Proxy Authentication Required; it wants a user and a password" in str(
        found
    )
    assert "wrong-password" not in str(found)


def test_a_proxy_that_answers_plain_http_with_407_is_one_line(monkeypatch):
    async def run():
        server, port = await answering(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
        monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{port}")
        async with server:
            return await sent("http://api.example.test/api")

    assert "that HTTP_PROXY names answers 407 Who are you; it wants a user and a password" in str(asyncio.run(run()))


def test_a_proxy_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "http://someone:hush-hush-42@127.0.0.1:9")
    found = asyncio.run(sent(HTTPS))
    assert str(found) == "connection: can't connect to the proxy 127.0.0.1:9 of ALL_PROXY (Connection refused)"


# Certificates


@pytest.mark.parametrize("named", [{}, {"CURL_CA_BUNDLE": DATA / "other_host.pem"}])
def test_a_certificate_that_is_not_trusted_names_the_variables(monkeypatch, named):
    found, _ = through_a_proxy(monkeypatch, **named)
    assert found.code == "tls"
    assert "SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE" in found.message
    assert ("now CURL_CA_BUNDLE=" in found.message) == bool(named)


def test_the_first_variable_counts(tmp_path):
    paths = {
        "CURL_CA_BUNDLE": "/nowhere",
        "REQUESTS_CA_BUNDLE": str(tmp_path),
        "SSL_CERT_FILE": str(DATA / "own_ca.pem"),
    }
    assert trusted(paths)[1] == f"SSL_CERT_FILE={paths['SSL_CERT_FILE']}"
    assert trusted({**paths, "SSL_CERT_FILE": " "})[1] == f"REQUESTS_CA_BUNDLE={tmp_path}"
    assert trusted({}) == (None, "")


@pytest.mark.parametrize("content", [None, "", "not a certificate"])
def test_certificates_that_can_t_be_read_are_one_line(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match="REQUESTS_CA_BUNDLE: can't read certificates from "):
        trusted({"REQUESTS_CA_BUNDLE": str(path)})


def test_the_tests_have_no_proxy_of_their_own():
    assert not {name for name in os.environ if name.lower().endswith("_proxy")} - {"no_proxy", "NO_PROXY"}
