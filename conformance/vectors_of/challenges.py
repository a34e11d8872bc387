"""Challenges: what `/v1/challenge` answers, what a web token carries, and what a client reads from them."""

import base64
import json

ID = "chl_mJ0yV5W3rN2qk8sYtLZcXA"
CHALLENGE = {"id": ID, "turns": ["left", "up"], "expires_at": "2026-01-31T12:02:00.000Z", "seconds": 120}


def token(**claims):
    """A token as pages read it; the server alone can tell whether it is signed."""
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value, ensure_ascii=False).encode()).decode().rstrip("=")
    return ".".join([part({"alg": "HS256", "typ": "JWT"}), part(claims), "c2ln"])


def vectors():
    with_turns = lambda *turns: {**CHALLENGE, "turns": list(turns)}
    without = lambda name: {k: v for k, v in CHALLENGE.items() if k != name}
    answer = lambda body, status=200: {"status": status, "body": json.dumps(body)}
    drawn = lambda name, challenge: {"name": name, "answer": answer({"challenge": challenge}), "expect": challenge}
    broken = lambda name, body: {"name": name, "answer": answer(body), "expect": None, "error": {"kind": "answer"}}
    read = lambda name, text, challenge: {"name": name, "token": text, "expect": challenge}
    return {
        "draw": [
            drawn("two turns", CHALLENGE),
            drawn("one turn", with_turns("right")),
            drawn("four turns", with_turns("up", "left", "right", "left")),
            drawn("how long it lives is not said", without("seconds")),
            drawn("its last second runs", {**CHALLENGE, "seconds": 0}),
            broken("no challenge", {}),
            broken("no id", {"challenge": without("id")}),
            broken("an empty id", {"challenge": {**CHALLENGE, "id": ""}}),
            broken("no end", {"challenge": without("expires_at")}),
            broken("no turns", {"challenge": with_turns()}),
            broken("more turns than a capture has room for", {"challenge": with_turns(*["left", "right"] * 3)}),
            broken("a turn that this client cannot guide", {"challenge": with_turns("left", "down")}),
            broken("turns that are no list", {"challenge": {**CHALLENGE, "turns": "left"}}),
            broken("a life of less than nothing", {"challenge": {**CHALLENGE, "seconds": -1}}),
            broken("a life that is no number", {"challenge": {**CHALLENGE, "seconds": "120"}}),
            broken("a challenge that is a list", {"challenge": [CHALLENGE]}),
            {"name": "refused", "answer": answer({"error": "no challenges here", "code": "2212"}, 400), "expect": None,
             "error": {"kind": "refused", "http_status": 400, "code": "2212", "message": "no challenges here"}},
        ],
        "claims": [
            read("a token with a challenge", token(partner_params={"user_id": "é"}, challenge=CHALLENGE), CHALLENGE),
            read("a token without one", token(partner_params={"user_id": "ada"}), None),
            read("a claim that is none", token(challenge="chl_x"), None),
            read("a claim with a turn that this client cannot guide", token(challenge=with_turns("down")), None),
            read("a text that is no token", "T0KEN", None),
            read("an empty text", "", None),
        ],
    }
