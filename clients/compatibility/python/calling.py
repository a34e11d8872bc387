"""Calls of smile-id-core that several tests make."""

import base64
import queue
import time
import uuid

import pytest
from smile_id_core import IdApi, ServerError, Utilities, WebApi

OPTIONS = dict(return_job_status=True, return_history=False, return_images=False, use_enrolled_image=False)


def _key(service, environment, key):
    return key or service.partner[f"{environment}_api_key"]


def api(service, environment="sandbox", key=None, path="/v1", partner="2343"):
    return WebApi(partner, service.callback_url, _key(service, environment, key), service.base + path)


def id_api(service, environment="sandbox", key=None):
    return IdApi("2343", _key(service, environment, key), service.base + "/v1")


def naming(user, job_type, **more):
    """Partner parameters of a new job."""
    return {"user_id": user, "job_id": f"job-{uuid.uuid4()}", "job_type": job_type, **more}


def submit(web, user, job_type, photo, images=None, id_info=None, **more):
    params = naming(user, job_type, **more.pop("params", {}))
    images = images or [{"image_type_id": 0, "file_name": str(photo)}]
    return web.submit_job(params, images, id_info or {}, {**OPTIONS, **more})


def status(service, params, environment="sandbox"):
    asking = Utilities("2343", service.partner[f"{environment}_api_key"], service.base + "/v1")
    return asking.get_job_status(params, {**OPTIONS, "return_history": True})


def ended(service, params, environment="sandbox"):
    """The status of a job at its end: asked for more often than the client itself does."""
    deadline = time.monotonic() + 180
    while not (now := status(service, params, environment))["job_complete"]:
        assert time.monotonic() < deadline, now
        time.sleep(0.2)
    return now


def submitted(service, user, job_type, photo, environment="sandbox"):
    """A job's status at its end, as `submit` gives it, but asked for more often."""
    params, images = naming(user, job_type), [{"image_type_id": 0, "file_name": str(photo)}]
    api(service, environment).submit_job(params, images, {}, {**OPTIONS, "return_job_status": False})
    return ended(service, params, environment)


def refused(code, call, *arguments, **more):
    with pytest.raises(ServerError) as error:
        call(*arguments, **more)
    assert f"'code': '{code}'" in str(error.value)
    return str(error.value)


def callbacks(service, smile_job_id, count):
    """A job's next callbacks, in the order in which they came."""
    deadline, found = time.monotonic() + 120, []
    while len(found) < count:
        try:
            body = service.bodies.get(timeout=max(0.1, deadline - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"{len(found)} callbacks of {count}") from None
        if body["SmileJobID"] == smile_job_id:
            found.append(body)
    return found


def as_base64(path):
    return base64.b64encode(path.read_bytes()).decode()
