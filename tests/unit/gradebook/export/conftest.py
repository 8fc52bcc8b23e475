"""Graded folders, from Canvas and from Moodle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.graded_folders import canvas, graded, moodle


@pytest.fixture
def from_canvas(tmp_path: Path) -> Path:
    return graded(
        tmp_path / "feedback",
        {
            "leeann_12": (canvas("leeann", "12", late=True), 87.5),
            "雷李_13": (canvas("雷李", "13"), 100.0),
            "kimjo_14": (canvas("kimjo", "14"), 50.0),
            "gone_99": (canvas("gone", "99"), 20.0),
            "ours_15": (canvas("ours", "15"), None),
        },
    )


@pytest.fixture
def from_moodle(tmp_path: Path) -> Path:
    return graded(
        tmp_path / "feedback",
        {
            "Ann Lee_12": (moodle("Ann Lee", "12"), 87.5),
            "李雷_13": (moodle("李雷", "13"), 100.0),
            "Jo Kim_14": (moodle("Jo Kim", "14", folder="", prefix="Jo Kim_14_x_file_"), 0.0),
            "=cmd_15": (moodle("=cmd", "15"), None),
        },
    )
