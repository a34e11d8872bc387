"""Packages: what a client writes, and what the server makes of packages that others wrote."""

import base64
import hashlib
import io
import json
import zipfile
import zlib

JPEG, PNG = b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"
TYPES = {"selfie": 0, "id_card_front": 1, "liveness": 4, "id_card_back": 5}


def jpeg(seed):
    return JPEG + bytes((seed * 31 + at * 7) % 256 for at in range(200 + seed))


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def b64(data):
    return base64.b64encode(data).decode()


def vectors():
    return {"write": write(), "read": read()}


MISC = {
    "smile_client_id": "2343", "timestamp": "2026-01-31T12:00:00.000Z",
    "signature": "0iVMpDkZ7SVDmCLYHcq4lKLH+YlS9FMnZ1jQKMNLJpY=", "callback_url": "https://partner.example/callback",
}
PARAMS = {"job_id": "j-1", "user_id": "ada", "job_type": 2}


def write():
    geo = {
        "accuracy": 12.5, "altitude": 41, "latitude": 6.5244, "longitude": 3.3792,
        "lastUpdate": "2026-01-31T11:59:00Z", "isGeoPermissionGranted": True,
    }
    return [
        written("a selfie alone", [("selfie", jpeg(1))]),
        written("a whole capture, PNG among it", [
            ("selfie", jpeg(1)), *[("liveness", jpeg(at)) for at in range(2, 10)],
            ("id_card_front", PNG + bytes(50)), ("id_card_back", jpeg(11)),
        ]),
        written("everything said; any key is echoed, in its order", [("selfie", jpeg(1))],
                params={"note": "clé 鍵 \"quoted\" \\ \n", "job_id": "j-1", "list": [1, 2.5, None, {"a": []}], "user_id": "ada",
                        "job_type": 4},
                id_info={"first_name": "Adaeze", "entered": "true"}, geo_info=geo),
        written("consent", [("selfie", jpeg(1))], id_info={"country": "NG"}, geo_info=geo, consent={"consented": {
            "consent_granted_date": "2026-01-31T11:58:00.000Z", "personal_details": True, "contact_information": True,
            "document_information": False,
        }}),
    ]


def written(name, images, params=PARAMS, id_info=None, geo_info=None, consent=None):
    named = [(role, data, f"{role}_{at}.{'png' if data.startswith(PNG) else 'jpg'}") for at, (role, data) in enumerate(images)]
    info = {
        "package_information": {
            "apiVersion": {"buildNumber": 0, "majorVersion": 2, "minorVersion": 1}, "language": "LANGUAGE",
        },
        "misc_information": {"retry": "false", "file_name": "selfie.zip", "partner_params": params, **MISC},
        "id_info": id_info,
        **({"consent_information": consent} if consent else {}),
        **({"geo_info": geo_info} if geo_info else {}),
        "images": [{"image_type_id": TYPES[role], "image": "", "file_name": file} for role, _, file in named],
        "server_information": {},
    }
    return {
        "name": name,
        "input": {
            "images": [{"role": role, "base64": b64(data)} for role, data in images],
            "partner_params": params, "misc": MISC, "id_info": id_info or {}, "geo_info": geo_info or {},
            "consent_information": consent or {},
        },
        "info_json": compact(info),
        "entries": [
            {"name": file, "method": "stored", "size": len(data), "crc32": f"{zlib.crc32(data):08x}"}
            for _, data, file in named
        ],
    }


def zipped(entries, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compress_type=method)
    return out.getvalue()


def info_of(*images):
    return compact({"images": [{"image_type_id": kind, "image": image, "file_name": file} for kind, image, file in images]})


def read():
    selfie, frame = jpeg(1), jpeg(2)
    good = [("info.json", info_of((0, "", "a.jpg"), (4, "", "b.jpg"))), ("a.jpg", selfie), ("b.jpg", frame)]
    both = [("selfie", selfie), ("liveness", frame)]
    in_text = [("info.json", info_of((2, b64(selfie), ""), (6, b64(frame), "")))]
    cut = zipped(good)[:-30]
    return [
        taken("stored", zipped(good), both),
        taken("deflated", zipped(good, zipfile.ZIP_DEFLATED), both),
        taken("images as base64 in info.json", zipped(in_text), both),
        taken("base64 with a data: prefix, lines and no padding",
              zipped([("info.json", info_of((2, "data:image/jpeg;base64," + b64(selfie).rstrip("=")[:60] + "\n"
                                              + b64(selfie).rstrip("=")[60:], "")))]), both[:1]),
        taken("entries that info.json does not name are left alone", zipped([*good, ("more.bin", b"anything")]), both),
        refused("no zip", b"this is no zip", "0903"),
        refused("a zip cut off", cut, "0903"),
        refused("no info.json", zipped(good[1:]), "0903"),
        refused("info.json is no JSON", zipped([("info.json", "{"), *good[1:]]), "0903"),
        refused("a file that is named but not there", zipped(good[:2]), "0903"),
        refused("a name that leads out of the zip", zipped([*good, ("../evil.jpg", frame)]), "0903"),
        refused("neither JPEG nor PNG", zipped([good[0], ("a.jpg", b"GIF89a"), good[2]]), "0001"),
        refused("no selfie", zipped([("info.json", info_of((4, "", "b.jpg"))), good[2]]), "0001"),
        refused("two selfies", zipped([("info.json", info_of((0, "", "a.jpg"), (2, b64(frame), ""))), good[1]]), "0001"),
        refused("base64 that is none", zipped([("info.json", info_of((2, "§§§", "")))]), "0001"),
        refused("an image that is neither named nor given", zipped([("info.json", info_of((0, "", "")))]), "0001"),
    ]


def taken(name, data, images):
    digest = lambda image: hashlib.sha256(image).hexdigest()
    return {"name": name, "zip_base64": b64(data), "images": [{"role": role, "sha256": digest(i)} for role, i in images]}


def refused(name, data, code):
    return {"name": name, "zip_base64": b64(data), "result_code": code}
