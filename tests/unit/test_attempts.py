"""What becomes of posts that fail one after another: every transition of `Attempts`, as a table."""

from dataclasses import dataclass, field

import pytest

from tap_ayrshare.posts.attempts import FAILURES_IN_A_ROW, Attempts, Ending, Fate

ENDINGS = {"a": Ending.ANSWERED, "s": Ending.SILENT, "u": Ending.UNASKED, "b": Ending.UNFINISHED}
FATES = {"r": Fate.READ, "d": Fate.DEFERRED, "g": Fate.GIVEN_UP, "l": Fate.LEFT_DUE, "k": Fate.STUCK}


@dataclass
class Tried:
    """A post of a scene: how asking for it ended; `S` and `B` failed today before, `O` on an earlier date."""

    number: int
    letter: str
    room: list = field(default_factory=list)

    @property
    def ending(self) -> Ending:
        return Ending.SILENT if self.letter in "SO" else ENDINGS[self.letter.lower()]

    @property
    def has_failed(self) -> bool:
        return self.letter in "SOB"

    @property
    def has_failed_before_today(self) -> bool:
        return self.letter == "O"

    def can_be_deferred(self) -> bool:
        if not self.room:
            return False
        self.room.pop()
        return True


def played(scene: str, room: int = 10) -> tuple[str, Attempts]:
    """Return what becomes of the posts of a scene, in the order of decisions: `0r 1d`, and the attempts."""
    attempts, places = Attempts(), [None] * room
    decided = []
    for number, letter in enumerate(scene):
        decided += attempts.take(Tried(number, letter, places))
    decided += attempts.end()
    names = {fate: letter for letter, fate in FATES.items()}
    return " ".join(f"{d.tried.number}{names[d.fate]}" for d in decided), attempts


@pytest.mark.parametrize(
    ("scene", "fates"),
    [
        ("", ""),
        ("aaa", "0r 1r 2r"),
        ("u", "0r"),
        # What failed is deferred once another is answered, whichever comes first.
        ("sa", "0d 1r"),
        ("as", "0r 1d"),
        ("sssa", "0d 1d 2d 3r"),
        # In order: what couldn't be asked for waits behind what is held.
        ("sua", "0d 1r 2r"),
        # What failed in an earlier run too is given up.
        ("Sa", "0g 1r"),
        ("aO", "0r 1g"),
        ("sSOa", "0d 1g 2g 3r"),
        # Without any answer all stays due.
        ("s", "0l"),
        ("ss", "0l 1l"),
        ("sS", "0l 1l"),
        ("su", "0l"),
        # Unless all of them failed on an earlier date.
        ("O", "0g"),
        ("OO", "0g 1g"),
        ("Ou", "0g 1r"),
        ("Os", "0l 1l"),
        ("OS", "0l 1l"),
        # The budget: nothing behind what it cut off has been read.
        ("b", ""),
        ("ab", "0r"),
        ("abb", "0r"),
        ("sb", "0l"),
        ("Ob", "0g"),
        ("Obu", "0l"),
        ("bs", "1l"),
        ("bO", "1l"),
        # What it cut off is remembered where another was answered.
        ("ba", "0d 1r"),
        ("Ba", "0d 1r"),
        ("bsa", "0d 1d 2r"),
        ("asb", "0r 1d"),
    ],
)
def test_what_becomes_of_posts(scene, fates):
    assert played(scene)[0] == fates


@pytest.mark.parametrize(
    ("scene", "room", "fates"),
    [
        ("sa", 0, "0g 1r"), ("ssa", 1, "0d 1g 2r"), ("ba", 0, "0k 1r"), ("sba", 1, "0d 1k 2r"), ("Sba", 1, "0g 1d 2r"),
        ("ss", 1, "0l 1l"),
    ],
)  # fmt: skip
def test_what_becomes_of_posts_without_room(scene, room, fates):
    assert played(scene, room)[0] == fates


@pytest.mark.parametrize(
    ("scene", "is_proven", "is_spent", "held"),
    [
        ("a", True, False, 0), ("s", False, False, 1), ("sa", True, False, 0), ("u", False, False, 0),
        ("O", True, False, 0), ("Os", False, False, 2), ("ab", True, True, 0), ("b", False, True, 0),
        ("bs", False, True, 2),
    ],
)  # fmt: skip
def test_what_is_known_in_the_end(scene, is_proven, is_spent, held):
    _, attempts = played(scene)
    assert (attempts.is_proven, attempts.is_spent, len(attempts.held)) == (is_proven, is_spent, held)


def test_probes_are_wanted_once_ten_are_held_and_the_budget_is_not_spent():
    attempts = Attempts()
    for number in range(FAILURES_IN_A_ROW):
        assert not attempts.wants_probes
        assert list(attempts.take(Tried(number, "s"))) == []
    assert attempts.wants_probes
    assert [d.fate for d in attempts.release()] == [Fate.GIVEN_UP] * FAILURES_IN_A_ROW
    assert not attempts.wants_probes
    for number in range(FAILURES_IN_A_ROW):
        list(attempts.take(Tried(number, "s")))
    list(attempts.take(Tried(99, "b")))
    assert not attempts.wants_probes
