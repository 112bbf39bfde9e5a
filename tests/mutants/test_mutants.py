"""No mutant of a body costs rows or columns without a word: an issue, a drift finding, a null in its own column.

`make test` tries a sample of the mutants, the same every time; `make test-thorough` (THOROUGH=1) tries them all.
"""

from __future__ import annotations

import logging
import random
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from tap_ayrshare.ayrshare import judge
from tap_ayrshare.streams import base
from tests.mutants.known import KNOWN, Cause, cause_of
from tests.mutants.legitimate import is_legitimate
from tests.mutants.mutations import Mutant, dotted, mutants
from tests.mutants.oracle import Loss, columns_fed, losses
from tests.mutants.runs import Runner, runner
from tests.mutants.samples import Case, cases, samples
from tests.support import IS_THOROUGH

if TYPE_CHECKING:
    from collections.abc import Iterator

NODES = 4
"""Nodes of a body that are mutated unless all are."""
PROBES = {"absent", "null", "text", "zero"}
"""What tells the columns that a node feeds."""
SAY_NOTHING = {"error.history_empty", "error.reviews_empty", "user_nothing_linked"}
"""Bodies without data that aren't a failure."""
NAMES = [case.name for case in cases()]
SHARED = {case.name: case for case in cases()}


@pytest.fixture(scope="module")
def run() -> Iterator[Runner]:
    logger = logging.getLogger("tap_ayrshare")
    with runner() as found:
        logger.setLevel(logging.CRITICAL)
        try:
            yield found
        finally:
            logger.setLevel(logging.NOTSET)


def found_losses(run: Runner, case: Case, paths: set | None = None) -> Iterator[tuple[Mutant, Loss]]:
    """Yield what the mutants of a case lose; paths: the nodes that are mutated, None for all."""
    plain = run.run(case, case.sample.body)
    for path, group in groupby(mutants(case.sample.body), key=lambda mutant: mutant.path):
        if paths is not None and path not in paths:
            continue
        runs = [(mutant, run.run(case, mutant.body)) for mutant in group]
        fed = columns_fed(plain, (one for mutant, one in runs if mutant.change in PROBES))
        for mutant, one in runs:
            if not is_legitimate(case, mutant):
                yield from ((mutant, loss) for loss in losses(plain, one, fed))


def chosen(case: Case) -> set | None:
    """Return the nodes of a case that are mutated: its root, and some of the others."""
    if IS_THOROUGH:
        return None
    paths = sorted({mutant.path for mutant in mutants(case.sample.body)}, key=str)
    return {(), *random.Random(case.name).sample(paths, min(NODES, len(paths)))}


def test_each_body_is_in_a_case():
    assert {case.sample.name for case in cases()} == {sample.name for sample in samples()}


@pytest.mark.parametrize("name", NAMES)
def test_each_body_gives_rows_or_says_why_not(run, name):
    case = SHARED[name]
    plain = run.run(case, case.sample.body)
    assert plain.rows or plain.issues or case.sample.name in SAY_NOTHING


@pytest.mark.random
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_without_a_word(run, name):
    case = SHARED[name]
    unknown = [
        f"{mutant.name}: {loss.kind} of {loss.stream}: {loss.what}"
        for mutant, loss in found_losses(run, case, chosen(case))
        if cause_of(case, mutant) is None
    ]
    assert not unknown, "\n".join(unknown[:20])


@pytest.mark.parametrize(
    "cause", [pytest.param(one, marks=pytest.mark.xfail(strict=True), id=one.what) for one in KNOWN]
)
def test_a_known_cause_is_still_one(run, cause: Cause):
    name, path, change = cause.example
    case = SHARED[name]
    nodes = {mutant.path for mutant in mutants(case.sample.body) if dotted(mutant.path) == path}
    lost = [loss for mutant, loss in found_losses(run, case, nodes) if mutant.change == change]
    assert nodes
    assert not lost


GUARDS = {
    "networks that were asked for": (judge, "_missing", "post_analytics.partial:post_analytics", ("errors",)),
    "counts of items": (base.AyrshareStream, "note_missing", "profiles:profiles", ("profiles",)),
}
"""What of the shared layer says that something is missing, each with a node that shows it."""


@pytest.mark.parametrize("guard", GUARDS)
def test_without_a_guard_of_the_shared_layer_something_is_lost(run, monkeypatch, guard):
    owner, name, case, path = GUARDS[guard]
    assert not [*found_losses(run, SHARED[case], {path})]
    monkeypatch.setattr(owner, name, lambda *_args, **_more: ())
    assert [*found_losses(run, SHARED[case], {path})]
