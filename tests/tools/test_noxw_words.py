import subprocess

import pytest

from layout import ROOT
from noxw_words import failures, nox_arguments, sessions

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


def test_an_unknown_name_after_the_option_suggests_the_nearest_session() -> None:
    with pytest.raises(ValueError, match=r"^there is no session 'sevre'\. Did you mean \./noxw -s serve\?"):
        nox_arguments(KNOWN, ["-s", "sevre", "--", "--reload"])


def test_a_word_with_no_near_session_is_refused_without_a_guess() -> None:
    with pytest.raises(ValueError, match=r"^there is no session 'xyzzy'\. \./noxw -l lists"):
        nox_arguments(KNOWN, ["xyzzy"])


def report(**results: str) -> dict[str, object]:
    reason = "test in services/users failed"
    return {"sessions": [{"name": name, "result": result, "reason": reason} for name, result in results.items()]}


def test_says_how_to_repeat_each_failed_session_with_its_arguments() -> None:
    lines = failures(
        report(lint="success", test="aborted", drift="failed"), ["-s", "lint", "test", "drift", "--", "a b"]
    )
    assert list(lines) == [
        "2 of 3 sessions failed. Run them again with:",
        "  ./noxw -s test -- 'a b'",
        "    test in services/users failed",
        "  ./noxw -s drift -- 'a b'",
        "    test in services/users failed",
    ]


@pytest.mark.parametrize(
    ("given", "repeated"),
    [
        (["-f", "services/users/noxfile.py"], "-f services/users/noxfile.py -s lint"),
        (["--noxfile=services/users/noxfile.py", "--"], "-f services/users/noxfile.py -s lint --"),
        (["-fb", "venv"], "-s lint"),
        (["--", "-f", "x"], "-s lint -- -f x"),
    ],
)
def test_says_how_to_repeat_a_failed_session_of_another_noxfile(given: list[str], repeated: str) -> None:
    assert list(failures(report(lint="failed", test="success"), given))[1] == f"  ./noxw {repeated}"


@pytest.mark.parametrize("results", [{"lint": "success", "test": "skipped"}, {"test": "failed"}, {}])
def test_adds_nothing_to_what_nox_says_of_success_and_of_a_single_session(results: dict[str, str]) -> None:
    assert list(failures(report(**results), [])) == []


def test_the_failed_sessions_and_their_commands_are_the_last_lines() -> None:
    done = subprocess.run(
        [ROOT / "noxw", "psql", "entity", "nobody"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("noxw: ")]
    assert done.stderr.splitlines()[-len(lines) :] == lines
    assert "noxw:   ./noxw -s entity -- nobody" in lines
