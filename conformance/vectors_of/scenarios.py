"""Whole submissions against a scripted server: what is asked, when, and what comes of it."""

from .challenges import CHALLENGE, token
from .people import LOOKED_UP, MATCHED
from .results import RESULT, status

PREPARED = {"status": 200, "body": {
    "upload_url": "UPLOAD_URL", "ref_id": "019c1", "smile_job_id": "019c1", "camera_config": "null", "code": "2202",
}}
TAKEN = {"status": 200, "body": {}}
DONE = {"status": 200, "signed": "right", "body": status(RESULT)}
WAITING = {"status": 200, "signed": "right", "body": status("The job is being processed", False, False)}
BUSY = {"status": 503, "body": {"error": "busy", "code": "2201"}}
DROP = {"drop": True}
EXPIRED = {"status": 400, "body": {"error": "draw another", "code": "2204", "reason": "challenge_expired"}}
CALL = {
    "tag": "login", "job_type": 2, "is_production": False, "partner_params": {"job_id": "j-1", "user_id": "ada", "note": "kept"},
    "id_info": {}, "geo_info": {}, "callback_url": "", "job_status_polling_timeout_millis": 20_000,
}
COMPLETE = {"job_complete": True, "job_success": True, "result_code": "0820"}
PENDING = {"job_complete": False, "job_success": False, "result_code": None}
ABSENT = "ABSENT"


OTHER = {**CHALLENGE, "id": "chl_another"}


def web_token(**partner_params):
    return token(partner_params=partner_params)


def vectors():
    return [
        # What is sent.
        scenario("the whole way", [PREPARED], [TAKEN], [DONE], COMPLETE, asked=[0], sent={
            "upload": {
                "path": "/sandbox/v1/upload", "smile_client_id": "2343", "callback_url": "", "model_parameters": {},
                "partner_params": {"job_id": "j-1", "user_id": "ada", "note": "kept", "job_type": 2},
            },
            "info_json": {"id_info": None, "geo_info": ABSENT},
            "job_status": {"path": "/sandbox/v1/job_status", "partner_id": "2343", "user_id": "ada", "job_id": "j-1"},
        }),
        scenario("production has its own path", [PREPARED], [TAKEN], [DONE], COMPLETE, asked=[0], call={"is_production": True}, sent={
            "upload": {"path": "/production/v1/upload"}, "job_status": {"path": "/production/v1/job_status"},
        }),
        scenario("what is said is sent", [PREPARED], [TAKEN], [DONE], COMPLETE, asked=[0], call={
            "id_info": {"country": "NG"}, "geo_info": {"latitude": 6.5}, "callback_url": "https://partner.example/callback",
        }, sent={
            "upload": {"callback_url": "https://partner.example/callback"},
            "info_json": {"id_info": {"country": "NG"}, "geo_info": {"latitude": 6.5}},
        }),
        scenario("names that are absent are made", [PREPARED], [TAKEN], [DONE], COMPLETE, asked=[0], call={"partner_params": {}},
                 sent={"upload": {"partner_params": {"job_id": "MADE", "user_id": "MADE", "job_type": 2}}}),
        # How long it is followed.
        scenario("pauses double from 100 ms to 2 s", [PREPARED], [TAKEN], [WAITING] * 7 + [DONE], COMPLETE,
                 asked=[0, 100, 300, 700, 1500, 3100, 5100, 7100]),
        scenario("a timeout that passes: not complete, the rest by callback", [PREPARED], [TAKEN], [WAITING], PENDING,
                 asked=[0, 100, 300, 700], call={"job_status_polling_timeout_millis": 1000}),
        scenario("a timeout shorter than any pause asks once", [PREPARED], [TAKEN], [WAITING], PENDING, asked=[0],
                 call={"job_status_polling_timeout_millis": 1}),
        scenario("0 is absent: a minute", [PREPARED], [TAKEN], [WAITING], PENDING,
                 asked=[0, 100, 300, 700, 1500, *range(3100, 60_000, 2000)], call={"job_status_polling_timeout_millis": 0}),
        # What is not to be trusted.
        scenario("a status signed by another key", [PREPARED], [TAKEN], [{**DONE, "signed": "wrong"}], error={"kind": "untrusted"}),
        scenario("a status signed two hours ago", [PREPARED], [TAKEN], [{**DONE, "signed": "stale"}], error={"kind": "untrusted"}),
        scenario("a status that is not signed", [PREPARED], [TAKEN], [{**DONE, "signed": "not"}], error={"kind": "untrusted"}),
        # What ends it.
        scenario("nothing captured under the tag", [], [], [], error={"kind": "unknown_tag"}, call={"tag": "other"}, uploads=0, packages=0),
        scenario("partner parameters that are no object", [], [], [], error={"kind": "argument"}, call={"partner_params": "x"},
                 uploads=0, packages=0),
        scenario("a name that is no text", [], [], [], error={"kind": "argument"}, call={"partner_params": {"user_id": 7}},
                 uploads=0, packages=0),
        scenario("ID information that is no object", [], [], [], error={"kind": "argument"}, call={"id_info": [1]}, uploads=0,
                 packages=0),
        scenario("geo information that is no object", [], [], [], error={"kind": "argument"}, call={"geo_info": "here"}, uploads=0,
                 packages=0),
        scenario("the server refuses to prepare", [{"status": 400, "body": {"error": "no such user", "code": "2210"}}], [], [],
                 error={"kind": "refused", "http_status": 400, "code": "2210", "message": "no such user"}, packages=0),
        scenario("the server refuses the package", [PREPARED], [{"status": 410, "body": {"error": "expired", "code": "2205"}}], [],
                 error={"kind": "refused", "http_status": 410, "code": "2205", "message": "expired"}),
        scenario("a used upload URL is a refusal where no try of ours can have used it", [PREPARED],
                 [{"status": 409, "body": {"error": "used", "code": "2205"}}], [],
                 error={"kind": "refused", "http_status": 409, "code": "2205", "message": "used"}),
        scenario("the server refuses the question", [PREPARED], [TAKEN], [{"status": 403, "body": {"error": "no", "code": "2205"}}],
                 error={"kind": "refused", "http_status": 403, "code": "2205", "message": "no"}),
        # What is tried again.
        scenario("a busy server is asked again, and told that it is a retry", [BUSY, PREPARED], [BUSY, TAKEN], [DONE], COMPLETE,
                 needs=["retry"], uploads=2, packages=2, sent={"upload": {"retry": True}}),
        scenario("a server that stays busy is a refusal", [BUSY], [], [], needs=["retry"], uploads=3, packages=0,
                 error={"kind": "refused", "http_status": 503, "code": "2201", "message": "busy"}),
        scenario("a connection that breaks is tried again", [DROP, PREPARED], [DROP, TAKEN], [DONE], COMPLETE,
                 needs=["retry"], uploads=2, packages=2),
        scenario("a server that cannot be reached", [DROP], [], [], needs=["retry"], error={"kind": "transport"}, uploads=3, packages=0),
        scenario("a package that arrived although its answer did not", [PREPARED],
                 [DROP, {"status": 409, "body": {"error": "used", "code": "2205"}}], [DONE], COMPLETE, needs=["retry"], packages=2),
        scenario("another refusal after a try without an answer is a refusal", [PREPARED],
                 [DROP, {"status": 410, "body": {"error": "expired", "code": "2205"}}], [], needs=["retry"], packages=2,
                 error={"kind": "refused", "http_status": 410, "code": "2205", "message": "expired"}),
        scenario("a question that fails in passing is no news", [PREPARED], [TAKEN], [DROP, BUSY, WAITING, DONE], COMPLETE,
                 needs=["retry"], asked=[0, 100, 300, 700]),
        scenario("questions that all fail in passing: not complete", [PREPARED], [TAKEN], [BUSY], PENDING, needs=["retry"],
                 asked=[0, 100, 300, 700], call={"job_status_polling_timeout_millis": 1000}),
        # A web token in place of the API key.
        scenario("a web token: submitted, and the rest by callback", [PREPARED], [TAKEN], [], PENDING, needs=["web_token"], asked=[],
                 auth={"web_token": "T0KEN"}, sent={
                     "upload": {"token": "T0KEN", "signature": ABSENT, "timestamp": ABSENT},
                     "info_json": {"misc_information": {"signature": ABSENT, "timestamp": ABSENT, "token": ABSENT}},
                 }),
        scenario("a web token that names its user and job: they count, whatever the page says", [PREPARED], [TAKEN], [], PENDING,
                 needs=["web_token"], asked=[], auth={"web_token": web_token(user_id="grace é", job_id="j-9", order=7)}, sent={
                     "upload": {"partner_params": {"job_id": "j-9", "user_id": "grace é", "note": "kept", "job_type": 2}},
                     "info_json": {"misc_information": {"partner_params": {"job_id": "j-9", "user_id": "grace é"}}},
                 }),
        scenario("a web token whose names are no text", [PREPARED], [TAKEN], [], PENDING, needs=["web_token"], asked=[],
                 auth={"web_token": web_token(user_id=7, job_id="")},
                 sent={"upload": {"partner_params": {"job_id": "j-1", "user_id": "ada"}}}),
        scenario("a web token that is refused", [{"status": 403, "body": {"error": "expired", "code": "2205"}}], [], [],
                 needs=["web_token"], auth={"web_token": "T0KEN"}, packages=0,
                 error={"kind": "refused", "http_status": 403, "code": "2205", "message": "expired"}),
        # A challenge that the capture followed.
        scenario("no challenge", [PREPARED], [TAKEN], [DONE], COMPLETE, asked=[0], sent={"upload": {"challenge_id": ABSENT}}),
        scenario("a challenge", [PREPARED], [TAKEN], [DONE], COMPLETE, asked=[0], challenge=CHALLENGE,
                 sent={"upload": {"challenge_id": CHALLENGE["id"]}}),
        scenario("a challenge that the server does not take", [EXPIRED], [], [], challenge=CHALLENGE, packages=0,
                 error={"kind": "challenge", "reason": "expired"}),
        scenario("another refusal of a job with a challenge", [{"status": 400, "body": {"error": "no such user", "code": "2210"}}], [], [],
                 challenge=CHALLENGE, packages=0,
                 error={"kind": "refused", "http_status": 400, "code": "2210", "message": "no such user"}),
        scenario("a challenge beside a web token without one", [PREPARED], [TAKEN], [], PENDING, needs=["web_token"], asked=[],
                 challenge=CHALLENGE, auth={"web_token": "T0KEN"}, sent={"upload": {"token": "T0KEN", "challenge_id": CHALLENGE["id"]}}),
        scenario("a challenge of the web token", [PREPARED], [TAKEN], [], PENDING, needs=["web_token"], asked=[],
                 challenge=CHALLENGE, auth={"web_token": token(challenge=CHALLENGE)},
                 sent={"upload": {"token": token(challenge=CHALLENGE), "challenge_id": CHALLENGE["id"]}}),
        scenario("a web token with a challenge that the capture did not follow", [], [], [], needs=["web_token"], uploads=0, packages=0,
                 auth={"web_token": token(challenge=CHALLENGE)}, error={"kind": "challenge", "reason": "missing"}),
        scenario("a challenge that was drawn later than the web token's", [PREPARED], [TAKEN], [], PENDING, needs=["web_token"], asked=[],
                 challenge=CHALLENGE, auth={"web_token": token(challenge=OTHER)}, sent={"upload": {"challenge_id": CHALLENGE["id"]}}),
        scenario("a challenge that ends before the package comes", [PREPARED],
                 [{"status": 410, "body": {"error": "expired", "code": "2205"}}], [], challenge=CHALLENGE,
                 error={"kind": "challenge", "reason": "expired"}),
        *with_id_info(),
    ]


def with_id_info():
    """Job type 1: a selfie and an ID number."""
    whole = {"country": "NG", "id_type": "NIN", "id_number": "00000000000", "first_name": "Joe", "entered": "true"}
    done = {"status": 200, "signed": "right", "body": status(MATCHED, history=[MATCHED, LOOKED_UP])}
    outcome = {"job_complete": True, "job_success": True, "result_code": "0810"}
    call = lambda id_info, job_type=1: {"job_type": job_type, "id_info": id_info}
    changed = lambda **change: call({k: v for k, v in {**whole, **change}.items() if v is not None})
    sent = lambda id_info: {"upload": {"partner_params": {"job_type": 1}}, "info_json": {
        "id_info": id_info, "misc_information": {"partner_params": {"job_type": 1}}, "consent_information": ABSENT,
    }}
    well = lambda name, given, id_info: scenario(name, [PREPARED], [TAKEN], [done], outcome, asked=[0], call=given, sent=sent(id_info))
    wrong = lambda name, given: scenario(name, [], [], [], error={"kind": "argument"}, call=given, uploads=0, packages=0)
    return [
        well("job type 1: the ID information is sent", call(whole), whole),
        well("job type 1: a number that is given is entered", changed(entered=None), whole),
        well("job type 1: entered as a boolean", changed(entered=True), {**whole, "entered": True}),
        wrong("job type 1 without ID information", call({})),
        wrong("job type 1 without a country", changed(country=None)),
        wrong("job type 1 without an ID type", changed(id_type="")),
        wrong("job type 1 without a number", changed(id_number=None)),
        wrong("job type 1 with a number that is no text", changed(id_number=12345678901)),
        wrong("job type 1 with a country that is none", changed(country="N1")),
        wrong("job type 1 with an entered that says neither", changed(entered="perhaps")),
        wrong("job type 1 without a number to enter and without a card", call({"entered": "false"})),
        scenario("another job type's ID information is not judged", [PREPARED], [TAKEN], [DONE], COMPLETE, asked=[0],
                 call=call({"entered": "perhaps"}, 2), sent={"info_json": {"id_info": {"entered": "perhaps"}}}),
    ]


def scenario(name, upload, package, job_status, outcome=None, *, call=None, auth=None, needs=(), sent=None, error=None, asked=None,
             uploads=1, packages=1, challenge=None):
    """The last answer of each list is given again for as long as it is asked for."""
    return {
        "name": name, "needs": list(needs), "auth": auth or {"api_key": "key-1"}, "partner_id": "2343", "challenge": challenge,
        "call": {**CALL, **(call or {})},
        "script": {"upload": upload, "package": package, "job_status": job_status},
        "expect": {
            **({"error": error} if error else {"status": outcome}),
            "uploads": uploads, "packages": packages, "asked_at_millis": asked, "sent": sent or {},
        },
    }
