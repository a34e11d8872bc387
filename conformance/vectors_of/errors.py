"""HTTP answers and the typed errors that clients make of them."""


def vectors():
    wire = lambda code, text: '{"error":"%s","code":"%s"}' % (text, code)
    codes = [
        (500, "2201"), (400, "2203"), (400, "2204"), (403, "2205"), (400, "2207"), (400, "2208"), (400, "2209"), (400, "2210"),
        (400, "2211"), (400, "2212"), (400, "2213"), (400, "2215"), (400, "2216"), (403, "2220"), (404, "2304"), (404, "2314"),
    ]
    cases = [refused(f"{code} with HTTP {status}", status, wire(code, "why"), code, "why") for status, code in codes]
    cases += [
        refused("busy, and says for how long", 503, wire("2201", "busy"), "2201", "busy", retry_after="5", millis=5000),
        refused("too often", 429, wire("2201", "slow down"), "2201", "slow down", retry_after="1", millis=1000),
        refused("Retry-After as a date is not heard", 503, wire("2201", "busy"), "2201", "busy",
                retry_after="Wed, 21 Oct 2026 07:28:00 GMT"),
        refused("another server's page", 502, "<html>Bad Gateway</html>", "", ""),
        refused("an empty body", 404, "", "", ""),
        refused("JSON that is no object", 400, "[1]", "", ""),
        refused("code and error of another type", 400, '{"error":{"deep":1},"code":2210}', "", ""),
        refused("more fields are left alone", 400, '{"code":"2210","error":"why","more":[1]}', "2210", "why"),
        {"name": "a challenge that cannot be used any more",
         "answer": {"status": 400, "body": '{"error":"draw another","code":"2204","reason":"challenge_expired"}'},
         "expect": {"kind": "challenge", "reason": "expired"}},
        refused("another reason", 400, '{"error":"why","code":"2204","reason":"of another kind"}', "2204", "why"),
        refused("a reason that is no text", 400, '{"error":"why","code":"2204","reason":["challenge_expired"]}', "2204", "why"),
        broken("a success that is no JSON", "<html>Welcome</html>"),
        broken("a success without an upload URL", '{"code":"2202","ref_id":"r","smile_job_id":"s"}'),
        broken("an upload URL that is no text", '{"upload_url":5,"ref_id":"r","smile_job_id":"s","code":"2202"}'),
    ]
    return cases


def refused(name, status, body, code, message, retry_after=None, millis=None):
    return {
        "name": name, "answer": {"status": status, "body": body, **({"retry_after": retry_after} if retry_after else {})},
        "expect": {
            "kind": "refused", "http_status": status, "code": code, "message": message,
            "retryable": status in (408, 429) or status >= 500, "retry_after_millis": millis,
        },
    }


def broken(name, body):
    return {"name": name, "answer": {"status": 200, "body": body}, "expect": {"kind": "answer"}}
