"""docs/compatibility.md names the pinned version of each Python client and each of its public methods."""

import inspect
from importlib.metadata import version
from pathlib import Path

import smile_id_core
import usesmileid

TABLE = Path(__file__).parents[3] / "docs" / "compatibility.md"


def section(title):
    [found] = [s for s in TABLE.read_text().split("\n## ") if s.startswith(f"{title}\n")]
    return found


def test_each_method_is_in_the_table():
    told = section(f"Python: smile-id-core {version('smile-id-core')}")
    classes = [c for c in vars(smile_id_core).values() if inspect.isclass(c) and not issubclass(c, (int, Exception))]
    methods = [f"{c.__name__}.{m}" for c in classes for m, _ in inspect.getmembers(c, callable) if not m.startswith("_")]
    assert "WebApi.submit_job" in methods
    assert [m for m in methods if f"`{m}`" not in told] == []


def test_each_method_of_v3_is_in_the_table():
    told = section(f"v3 in Python: usesmileid {version('usesmileid')}")
    with usesmileid.Client(partner_id="2343", api_key="key") as client:
        resources = {name: resource for name, resource in vars(client).items() if not name.startswith("_")}
        methods = [f"{name}.{m}" for name, resource in resources.items() for m, _ in inspect.getmembers(resource, inspect.ismethod)]
        methods += [f"Client.{m}" for m, _ in inspect.getmembers(client, inspect.ismethod)]
    methods = [m for m in methods if not m.split(".")[1].startswith("_")]
    assert "biometric.enroll" in methods and "Client.close" in methods
    assert [m for m in methods if f"`{m}`" not in told] == []


def test_each_error_of_v3_is_in_the_table():
    told = section("v3's refusals")
    kinds = [c.__name__ for c in vars(usesmileid.errors).values() if inspect.isclass(c) and issubclass(c, usesmileid.errors.SmileIDError)]
    assert "RateLimitError" in kinds
    assert [kind for kind in kinds if f"`{kind}`" not in told] == []
