"""What schemathesis must know to get beyond the door: a token, and, in every second request, parts that are right.

Results go nowhere but to the receiver of this run: what is made up of an address is never called."""

import itertools
import json
import os
from datetime import datetime, timezone
from pathlib import Path

import requests
import schemathesis

SETTING = json.loads(os.environ["SELFSAME_SETTING"])
PHOTOGRAPH = Path(SETTING["photograph"]).read_bytes()
IMAGES = ("selfie_image", "comparison_image")
# One for each choice: of a shared one, two numbers would go to each request, and every second would always be the same.
keys_given = itertools.count()
bodies_given = itertools.count()


@schemathesis.auth(refresh_interval=300)
class Token:
    def get(self, case, context):
        headers = {"smileid-partner-id": SETTING["partner"], "smileid-api-key": SETTING["key"]}
        answer = requests.post(SETTING["server"] + "/v3/token", headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()["token"]

    def set(self, case, data, context):
        # Its making is asked for without one.
        if case.path != "/v3/token":
            case.headers = {**(case.headers or {}), "SmileID-Token": data}


def right_parts():
    now = datetime.now(timezone.utc).isoformat()
    return {
        "consent": {"granted": True, "granted_at": now, "notice_language": "EN", "notice_privacy_policy_url": "https://partner.example/p"},
        "user_details": {"given_names": "Amina Fatou", "last_name": "Clearwater", "email": "amina.clearwater@example.com"},
        "metadata": [{"name": "device", "value": "none"}],
        "country": "NG", "id_type": "NIN", "id_number": "00000000000",
        "id_types": [{"country": "NG", "id_type": "NIN", "verification_method": "enhanced_kyc"}],
    }


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.path == "/v3/token":
        # Every second one has the right key.
        if next(keys_given) % 2:
            case.headers = {**(case.headers or {}), "SmileID-Partner-ID": SETTING["partner"], "SmileID-Api-Key": SETTING["key"]}
    body = case.body
    if not isinstance(body, dict):
        return
    body = dict(body)
    if "callback_url" in body:
        body["callback_url"] = SETTING["callback"]
    if next(bodies_given) % 2:
        body.update({name: value for name, value in right_parts().items() if name in body})
        body.update({name: PHOTOGRAPH for name in IMAGES if name in body})
        if "liveness_images" in body:
            body["liveness_images"] = [PHOTOGRAPH] * 6
    case.body = body
