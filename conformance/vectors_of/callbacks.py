"""Callbacks as they arrive: headers and body, and whether they are to be trusted."""

import base64
import hashlib
import hmac
import json

from .signatures import KEY, NOW, PARTNER, signed

AT = "1769860800"  # NOW, in Unix seconds
ID = "019c1-1"


def secret(api_key):
    """The secret that goes with an API key, as libraries of the Standard Webhooks convention take it."""
    return "whsec_" + base64.b64encode(hmac.new(api_key.encode(), b"selfsame webhook secret", hashlib.sha256).digest()).decode()


def code(api_key, message_id, timestamp, body):
    key = base64.b64decode(secret(api_key).removeprefix("whsec_"))
    message = f"{message_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def headers(body, api_key=KEY, message_id=ID, timestamp=AT):
    return {
        "webhook-id": message_id, "webhook-timestamp": timestamp,
        "webhook-signature": code(api_key, message_id, timestamp, body),
    }


def vectors():
    keys = [KEY, "k" * 100, "clé-ключ-鍵"]
    return {"secrets": [{"api_key": key, "secret": secret(key)} for key in keys], "callbacks": callbacks()}


def callbacks():
    text = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    result = {"ResultCode": "0821", "PartnerParams": {"job_id": "j", "note": "é"}}
    body = text(signed(result, KEY, PARTNER, NOW))
    good = headers(body)
    forged = text(signed({**result, "ResultCode": "0820"}, KEY, PARTNER, NOW))
    without = lambda name: {k: v for k, v in good.items() if k != name}
    changed = lambda name, value: {**good, name: value}
    also = lambda other: changed("webhook-signature", f"{other} {good['webhook-signature']}")
    dotted = {**headers("2." + body, message_id="019c1"), "webhook-id": f"019c1.{AT}", "webhook-timestamp": "2"}
    # Name, headers, body, outcome; then the outcome where a callback without the code is accepted, if it is another.
    cases = [
        ("the server's own", good, body, "trusted"),
        ("names of headers in any case", {k.title(): v for k, v in good.items()}, body, "trusted"),
        ("the code of an older key beside it", also(code("key-0", ID, AT, body)), body, "trusted"),
        ("a code of another version beside it", also("v1a,AAAA"), body, "trusted"),
        ("a code that is no base64 beside it", also("v1,%%%"), body, "trusted"),
        ("five minutes old", headers(body, timestamp="1769860500"), body, "trusted"),
        ("the result was changed; the wire's signature does not cover it", good, forged, "wrong_signature"),
        ("a byte was added", good, body + " ", "wrong_signature"),
        ("the body of another callback", headers(forged), body, "wrong_signature"),
        ("another id", changed("webhook-id", "019c1-2"), body, "wrong_signature"),
        ("another time", changed("webhook-timestamp", "1769860801"), body, "wrong_signature"),
        ("made with another key", headers(body, api_key="key-2"), body, "wrong_signature"),
        ("made with the API key itself", changed("webhook-signature", "v1," + base64.b64encode(
            hmac.new(KEY.encode(), f"{ID}.{AT}.{body}".encode(), hashlib.sha256).digest()).decode()), body, "wrong_signature"),
        ("the code alone, without its version", changed("webhook-signature", good["webhook-signature"][3:]), body, "wrong_signature"),
        ("an empty code", changed("webhook-signature", "v1,"), body, "wrong_signature"),
        ("older than five minutes", headers(body, timestamp="1769860499"), body, "stale"),
        ("more than five minutes ahead", headers(body, timestamp="1769861101"), body, "future"),
        ("a time that is none", headers(body, timestamp="soon"), body, "unreadable"),
        ("a time as the wire writes it", headers(body, timestamp=NOW), body, "unreadable"),
        ("a part of the body in the id", dotted, body, "unreadable"),
        ("no id", without("webhook-id"), body, "missing"),
        ("no time", without("webhook-timestamp"), body, "missing"),
        ("no code, but its other headers", without("webhook-signature"), body, "missing"),
        ("no headers", {}, body, "missing", "trusted"),
        ("no headers, and not signed", {}, text(result), "missing", "missing"),
        ("no headers, signed by another key", {}, text(signed(result, "key-2", PARTNER, NOW)), "missing", "wrong_signature"),
        ("a right code over a body that is not signed", headers(text(result)), text(result), "missing"),
        ("a right code over a body for another partner", headers(text(signed(result, KEY, "2344", NOW))),
         text(signed(result, KEY, "2344", NOW)), "wrong_signature"),
        ("a right code over a body that is no result", headers("[]"), "[]", "not_an_object"),
    ]
    return {
        "api_key": KEY, "partner_id": PARTNER, "now": NOW,
        "cases": [
            {"name": name, "headers": sent, "body": body, "outcome": outcome, "outcome_without_code_accepted": (lenient or [outcome])[0]}
            for name, sent, body, outcome, *lenient in cases
        ],
    }
