import contextlib
import uuid

import pytest
from calling import submitted
from certificates import certificates as made_certificates
from live_frames import live_frames
from server import photographs, receiving, running, selfsame
from webhooks import receiving_webhooks


@pytest.fixture(scope="session")
def photos():
    return photographs()


@pytest.fixture(scope="session")
def frames():
    return live_frames()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return made_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def webhooks(certificates):
    with receiving_webhooks(certificates) as received:
        yield received


class Service:
    """A server with two partners: one with production, one without."""

    def __init__(self, data, addresses, callback_url, bodies, webhooks, certificates):
        self.data, self.base, self.https = data, addresses["http"], addresses["https"]
        self.callback_url, self.bodies = callback_url, bodies
        self.webhooks, self.certificates = webhooks, certificates
        self.partner = self.add_partner("2343", "--production")
        self.sandboxed = self.add_partner("77")

    def add_partner(self, name, *options):
        """A partner with its keys."""
        return selfsame("partner", "--data", self.data, "add", "--id", name, *options)[0]


@contextlib.contextmanager
def _service(data, webhooks, certificates, *options):
    with receiving() as (url, bodies), running(data, *options, certificates=certificates) as addresses:
        yield Service(data, addresses, url, bodies, webhooks, certificates)


@pytest.fixture(scope="session")
def service(tmp_path_factory, webhooks, certificates):
    with _service(tmp_path_factory.mktemp("data"), webhooks, certificates) as serving:
        yield serving


@pytest.fixture(scope="session")
def idle_service(tmp_path_factory, webhooks, certificates):
    """A server that takes jobs, for which it has little room, and performs none."""
    options = ("--roles", "api", "--max-queued", "8")
    with _service(tmp_path_factory.mktemp("idle"), webhooks, certificates, *options) as serving:
        yield serving


@pytest.fixture(scope="session")
def strict_service(tmp_path_factory, webhooks, certificates):
    """A server that answers few requests a second, and whose tokens soon expire: no sooner than a busy machine has used them."""
    options = ("--roles", "api", "--rate", "4", "--token-ttl", "10")
    with _service(tmp_path_factory.mktemp("strict"), webhooks, certificates, *options) as serving:
        yield serving


@pytest.fixture(scope="session")
def enrolled(service, photos):
    """A user of the sandbox for tests that leave it as it is."""
    name = f"user-{uuid.uuid4()}"
    assert submitted(service, name, 4, photos["obama"])["job_success"]
    return name


@pytest.fixture
def user():
    return f"user-{uuid.uuid4()}"
