"""JSON with something wrong in it, at random."""

import json
import random
from copy import deepcopy

ODD = [None, True, 0, -1, 7.5, 10**30, "", " ", "x", "0001-01-01", "9999-12-31T23:59:59.999999+00:00", "\0",
       "a\ud800b", [], {}, [[]], [None], {"": None}, "1/0", "[", "{}", "~nobody/x", [[[[[]]]]], "primary"]  # fmt: skip


def places(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def mutated(value, chance: random.Random):
    """Return a JSON value with one to three things changed at random."""
    root = [deepcopy(value)]
    for _ in range(chance.randint(1, 3)):
        paths = [path for path in places(root[0]) if path] or [()]
        *way, last = (0, *chance.choice(paths))
        parent = root
        for key in way:
            parent = parent[key]
        kind = chance.choice(["replace", "replace", "wrap", "drop", "rename", "twice"])
        if kind == "replace" or len(way) == 0:
            parent[last] = deepcopy(chance.choice(ODD))
        elif kind == "wrap":
            parent[last] = chance.choice([[parent[last]], {"x": parent[last]}, json.dumps(parent[last])])
        elif kind == "drop":
            del parent[last]
        elif isinstance(parent, dict):
            other = chance.choice(["x", f"{last}s", str(last).upper(), "\0"]) if kind == "rename" else "twice"
            parent[other] = parent.pop(last) if kind == "rename" else deepcopy(parent[last])
        else:
            parent.append(deepcopy(parent[last]))
    plain = json.dumps(root[0]).encode()
    if chance.random() < 0.1:
        at = chance.randrange(len(plain))
        plain = plain[:at] + chance.choice([b"", b"\xff", b"{", b"\0", b"9" * 5000, b"[" * 2000]) + plain[at + 1 :]
    return plain
