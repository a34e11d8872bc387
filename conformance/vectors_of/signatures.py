"""Signatures, the window of timestamps, and signed objects."""

import base64
import hashlib
import hmac
import json


def sign(api_key, partner_id, timestamp):
    message = f"{timestamp}{partner_id}sid_request".encode()
    return base64.b64encode(hmac.new(api_key.encode(), message, hashlib.sha256).digest()).decode()


def signed(value, api_key, partner_id, timestamp):
    """A value with its timestamp and signature at the end, as the server writes them."""
    return {**value, "timestamp": timestamp, "signature": sign(api_key, partner_id, timestamp)}


KEY, PARTNER, AT = "key-1", "2343", "2026-01-31T12:00:00.000+00:00"
NOW = "2026-01-31T12:00:00.000Z"
# As the server signs answers: one nanosecond past the millisecond, so that no answer is a request's credential.
ANSWERED = "2026-01-31T12:00:00.000000001Z"


def vectors():
    return {"signatures": signatures(), "timestamps": timestamps(), "public_clients": public_clients(), "signed_objects": signed_objects()}


def signatures():
    right = sign(KEY, PARTNER, AT)
    made = [
        ("as the public clients sign", KEY, PARTNER, AT),
        ("Unix seconds are signed as they are written", KEY, PARTNER, "1769860800"),
        ("a key longer than the hash's block is hashed first", "k" * 100, PARTNER, NOW),
        ("key and partner beyond ASCII are signed as UTF-8", "clé-ключ-鍵", "société", NOW),
        ("as the server signs answers", KEY, PARTNER, ANSWERED),
        ("nothing is trimmed", " key ", " 2343 ", " 2026 "),
    ]
    wrong = [
        ("another key", "key-2", PARTNER, AT, right),
        ("another partner", KEY, "2344", AT, right),
        ("another timestamp, the same moment", KEY, PARTNER, NOW, right),
        ("no padding", KEY, PARTNER, AT, right.rstrip("=")),
        ("one character more", KEY, PARTNER, AT, right + "A"),
        ("white space around it", KEY, PARTNER, AT, f" {right}"),
        ("the URL's alphabet of base64", KEY, PARTNER, AT, right.replace("/", "_").replace("+", "-")),
        ("hexadecimal", KEY, PARTNER, AT, base64.b64decode(right).hex()),
        ("empty", KEY, PARTNER, AT, ""),
    ]
    one = lambda name, key, partner, at, signature, valid: {
        "name": name, "api_key": key, "partner_id": partner, "timestamp": at, "signature": signature, "valid": valid,
    }
    return [one(*v, sign(*v[1:]), True) for v in made] + [one(*v, False) for v in wrong]


def timestamps():
    cases = [
        ("2026-01-31T12:00:00.000Z", "fresh"), ("2026-01-31T12:00:00Z", "fresh"),
        ("2026-01-31T11:30:00.123456+00:00", "fresh"), ("2026-01-31T13:59:59.9+02:00", "fresh"),
        ("2026-01-31T12:04:59.000Z", "fresh"), ("2026-01-31T11:00:00.000Z", "fresh"),
        ("1769860800", "fresh"), ("1769860800000", "fresh"), (ANSWERED, "fresh"),
        ("2026-01-31T10:59:59.000Z", "stale"), ("2025-01-31T12:00:00.000Z", "stale"), ("0", "stale"), ("-1", "stale"),
        ("2026-01-31T12:05:01.000Z", "future"), ("1769864400", "future"),
        ("yesterday", "unreadable"), ("", "unreadable"), ("2026-01-31", "unreadable"),
        ("2026-01-31T12:00:00.000", "unreadable"), ("2026-13-31T12:00:00.000Z", "unreadable"),
        ("9223372036854775807", "unreadable"), ("12.5", "unreadable"),
    ]
    return {
        "now": NOW, "past_seconds": 3600, "future_seconds": 300,
        "cases": [{"timestamp": text, "outcome": outcome} for text, outcome in cases],
    }


def public_clients():
    """What each public client signs with at NOW, from its source (docs/decisions/0058). For servers: no server writes these."""
    cases = [
        ("Python 3.0.1, datetime with UTC", "2026-01-31T12:00:00.123456+00:00", "fresh"),
        ("Python up to 3.0.0, naive datetime", "2026-01-31T12:00:00.123456", "unreadable"),
        ("JavaScript, toISOString", "2026-01-31T12:00:00.123Z", "fresh"),
        ("Ruby, Time#to_s", "2026-01-31 12:00:00 +0000", "fresh"),
        ("Ruby, Time#to_s in Nairobi", "2026-01-31 15:00:00 +0300", "fresh"),
        ("Ruby, Time#to_s in Newfoundland", "2026-01-31 08:30:00 -0330", "fresh"),
        ("Ruby, Time#utc", "2026-01-31 12:00:00 UTC", "fresh"),
        ("Ruby, strftime", "2026-01-31T12:00:00.123Z", "fresh"),
        ("PHP, ATOM", "2026-01-31T12:00:00+00:00", "fresh"),
        ("PHP, ATOM in Lagos", "2026-01-31T13:00:00+01:00", "fresh"),
        ("PHP, getTimestamp", "1769860800", "fresh"),
        ("Java, Instant with nanoseconds", "2026-01-31T12:00:00.123456789Z", "fresh"),
        ("Java, Instant at a whole second", "2026-01-31T12:00:00Z", "fresh"),
        ("Android, SimpleDateFormat", "2026-01-31T12:00:00.123Z", "fresh"),
        ("Android, SimpleDateFormat with an offset", "2026-01-31T15:00:00.123+0300", "fresh"),
        ("Android, currentTimeMillis", "1769860800123", "fresh"),
        ("iOS, ISO8601DateFormatter", "2026-01-31T12:00:00.123Z", "fresh"),
        ("Flutter and React Native, SimpleDateFormat", "2026-01-31T12:00:00.123Z", "fresh"),
        ("another moment by its offset", "2026-01-31 12:00:00 +0300", "stale"),
        ("another moment by its offset, ahead", "2026-01-31 12:00:00 -0300", "future"),
        ("a local time", "2026-01-31 12:00:00", "unreadable"),
        ("a zone's name is not its offset", "2026-01-31 12:00:00 EST", "unreadable"),
    ]
    return [{"client": client, "timestamp": text, "outcome": outcome} for client, text, outcome in cases]


def signed_objects():
    result = {"ResultCode": "0820", "PartnerParams": {"job_id": "j", "note": "é"}}
    whole = signed(result, KEY, PARTNER, ANSWERED)
    without = lambda name: {k: v for k, v in whole.items() if k != name}
    text = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    cases = [
        ("the server's own", text(whole), "trusted"),
        ("in milliseconds, as other servers of this API sign", text(signed(result, KEY, PARTNER, NOW)), "trusted"),
        ("white space and order are free", json.dumps(dict(reversed(whole.items())), indent=2), "trusted"),
        ("signed by another key", text(signed(result, "key-2", PARTNER, NOW)), "wrong_signature"),
        ("signed for another partner", text(signed(result, KEY, "2344", NOW)), "wrong_signature"),
        ("the timestamp was changed", text({**whole, "timestamp": "2026-01-31T12:00:01.000000001Z"}), "wrong_signature"),
        ("the timestamp lost its nanosecond", text({**whole, "timestamp": NOW}), "wrong_signature"),
        ("replayed after two hours", text(signed(result, KEY, PARTNER, "2026-01-31T10:00:00.000Z")), "stale"),
        ("from the future", text(signed(result, KEY, PARTNER, "2026-01-31T13:00:00.000Z")), "future"),
        ("a timestamp that is none", text(signed(result, KEY, PARTNER, "soon")), "unreadable"),
        ("no signature", text(without("signature")), "missing"),
        ("no timestamp", text(without("timestamp")), "missing"),
        ("the signature is a number", text({**whole, "signature": 5}), "missing"),
        ("a list", "[]", "not_an_object"), ("text", '"0820"', "not_an_object"), ("null", "null", "not_an_object"),
        ("cut off", text(whole)[:-1], "not_an_object"), ("empty", "", "not_an_object"),
    ]
    return {
        "api_key": KEY, "partner_id": PARTNER, "now": NOW,
        "cases": [{"name": name, "body": body, "outcome": outcome} for name, body, outcome in cases],
    }
