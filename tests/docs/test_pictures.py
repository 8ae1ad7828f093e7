import os
from pathlib import Path

import pytest

from docs import photograph_swagger
from docs.photograph_swagger import PICTURE, photograph

BROWSER = """#!/bin/sh
for option; do case $option in --screenshot=*) printf "%s" "$*" >"${option#*=}";; esac; done
"""


def test_keeps_the_picture_and_says_so_without_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = PICTURE.read_bytes()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert photograph_swagger.main() == 0
    assert capsys.readouterr().out.startswith("swagger.png was not updated: no Chromium on the PATH")
    assert PICTURE.read_bytes() == before


def test_takes_a_screenshot_of_the_page_with_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chromium").write_text(BROWSER, encoding="utf-8")
    (tmp_path / "chromium").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    program = photograph_swagger.browser()
    assert program == str(tmp_path / "chromium")
    photograph(program, "http://127.0.0.1/api/docs", tmp_path / "picture")
    assert (tmp_path / "picture").read_text(encoding="utf-8").endswith(" http://127.0.0.1/api/docs")
