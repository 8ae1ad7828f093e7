import subprocess

import pytest

from layout import ROOT
from noxw_words import nox_arguments, sessions

KNOWN = sessions(ROOT / "noxfile.py")


def test_knows_every_session_by_the_name_that_nox_gives_it() -> None:
    assert {"lint", "serve", "test-all", "format"} <= set(KNOWN)
    assert not {"test_all", "format_code", "run"} & set(KNOWN)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        (["-l"], ["-l"]),
        (["-s", "serve", "--", "--reload"], ["-s", "serve", "--", "--reload"]),
        (["serve"], ["-s", "serve"]),
        (["serve", "--reload"], ["-s", "serve", "--", "--reload"]),
        (["serve", "--", "--reload"], ["-s", "serve", "--", "--reload"]),
        (["lint", "test"], ["-s", "lint", "test"]),
        (["test", "services/users/tests/api", "-x"], ["-s", "test", "--", "services/users/tests/api", "-x"]),
    ],
)
def test_a_word_that_names_a_session_runs_it(given: list[str], expected: list[str]) -> None:
    assert nox_arguments(KNOWN, given) == expected


def test_an_unknown_word_suggests_the_nearest_session() -> None:
    done = subprocess.run([ROOT / "noxw", "serv"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no session 'serv'. Did you mean ./noxw serve?" in done.stderr


def test_a_word_with_no_near_session_is_refused_without_a_guess() -> None:
    with pytest.raises(ValueError, match=r"^there is no session 'xyzzy'\. \./noxw -l lists"):
        nox_arguments(KNOWN, ["xyzzy"])
