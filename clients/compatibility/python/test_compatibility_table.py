"""docs/compatibility.md names the pinned version of smile-id-core and each of its public methods."""

import inspect
from importlib.metadata import version
from pathlib import Path

import smile_id_core

TABLE = Path(__file__).parents[3] / "docs" / "compatibility.md"


def test_each_method_is_in_the_table():
    [section] = [s for s in TABLE.read_text().split("\n## ") if s.startswith("Python: ")]
    assert section.startswith(f"Python: smile-id-core {version('smile-id-core')}\n")
    classes = [c for c in vars(smile_id_core).values() if inspect.isclass(c) and not issubclass(c, (int, Exception))]
    methods = [f"{c.__name__}.{m}" for c in classes for m, _ in inspect.getmembers(c, callable) if not m.startswith("_")]
    assert "WebApi.submit_job" in methods
    assert [m for m in methods if f"`{m}`" not in section] == []
