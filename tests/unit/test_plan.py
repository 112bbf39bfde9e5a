"""The ground plan of the package: few rooms, few arrows, nothing upward, no circle, no class or file that grows."""

import ast
from pathlib import Path

import pytest

from tests.support import ROOT

PACKAGE = ROOT / "tap_ayrshare"
MOST_ROOMS, MOST_FLOORS, MOST_ARROWS = 10, 9, 40
LONGEST_CLASS = 150
STILL_LONG = {
    "tap_ayrshare.airbyte.output.AirbyteOutput",
    "tap_ayrshare.engine.client.ProfileClient",
    "tap_ayrshare.singer.tap.TapAyrshare",
    "tap_ayrshare.streams.source.Source",
}
"""Classes that are longer, a list that may only get shorter."""
FLAT = {"__init__.py", "__main__.py", "py.typed"}


def modules(package: Path) -> dict[str, Path]:
    """Return the modules of a package by dotted name."""
    found = {}
    for path in package.rglob("*.py"):
        parts = [package.name, *path.relative_to(package).with_suffix("").parts]
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports(package: Path) -> dict[str, set[str]]:
    """Return what each module imports of its own package, typing imports included."""
    known = modules(package)
    graph = {}
    for name, path in known.items():
        found = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                targets = [f"{node.module}.{alias.name}" for alias in node.names]
                found |= {target if target in known else node.module for target in targets}
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
        graph[name] = (found & known.keys()) - {name}
    return graph


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Return the groups of modules that import one another."""
    reach = {name: set(targets) for name, targets in graph.items()}
    for _ in graph:
        reach = {name: targets.union(*(reach[target] for target in targets)) for name, targets in reach.items()}
    return [{other for other in reach[name] if name in reach[other]} for name in reach if name in reach[name]]


def rooms(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return which folders of the package import which."""
    room = {
        name: name.split(".")[1] for name in graph if name.count(".") > 1 or (PACKAGE / name.split(".")[-1]).is_dir()
    }
    found: dict[str, set[str]] = {one: set() for one in room.values()}
    for name, targets in graph.items():
        if name in room:
            found[room[name]] |= {room[target] for target in targets if target in room} - {room[name]}
    return found


def height(graph: dict[str, set[str]], room: str) -> int:
    return 1 + max((height(graph, below) for below in graph[room]), default=0)


GRAPH = imports(PACKAGE)
ROOMS = rooms(GRAPH)


def test_nothing_but_the_package_itself_is_on_the_ground_floor():
    assert {path.name for path in PACKAGE.iterdir() if path.is_file()} == FLAT


def test_the_ground_plan_can_be_drawn():
    arrows = sum(map(len, ROOMS.values()))
    assert len(ROOMS) <= MOST_ROOMS
    assert max(height(ROOMS, room) for room in ROOMS) <= MOST_FLOORS
    assert arrows <= MOST_ARROWS


@pytest.mark.parametrize("package", ["tap_ayrshare", "tap_ayrshare_report", "sandbox"])
def test_no_modules_import_one_another(package):
    assert circles(imports(ROOT / package)) == []


def test_no_class_is_long():
    found = {
        f"{name}.{node.name}": node.end_lineno - node.lineno + 1
        for name, path in modules(PACKAGE).items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }
    assert {name for name, lines in found.items() if lines > LONGEST_CLASS} == STILL_LONG
