import uuid

import pytest
from server import photographs, receiving, running, selfsame


@pytest.fixture(scope="session")
def photos():
    return photographs()


class Service:
    """A server with two partners: one with production, one without."""

    def __init__(self, data, base, callback_url, bodies):
        self.data, self.base, self.callback_url, self.bodies = data, base, callback_url, bodies
        self.partner = selfsame("partner", "--data", data, "add", "--id", "2343", "--production")[0]
        self.sandboxed = selfsame("partner", "--data", data, "add", "--id", "77")[0]


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    with receiving() as (url, bodies), running(data) as addresses:
        yield Service(data, addresses["http"], url, bodies)


@pytest.fixture
def user():
    return f"user-{uuid.uuid4()}"
