"""Holds the stand-in for MOSIP's ID authentication to MOSIP's own client: what the client sends, and what it can read.

The adapter's requests pass the same stand-in in `tests/mosip`. Were the stand-in too strict or too lax, or did it read the
specification otherwise than MOSIP does, this would fail.

    python mosip_sdk.py PROGRAM    where PROGRAM is the built example `mosip_ida`
"""

import logging
import pathlib
import subprocess
import sys
import tempfile
from types import SimpleNamespace

import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from mosip_auth_sdk import MOSIPAuthenticator
from mosip_auth_sdk.models import DemographicsModel

KEYS = pathlib.Path(__file__).parent.parent / "keys"
PASSPHRASE = "only for these tests"
JOE = "9830872690"


def key_store(who, folder):
    """The test key and certificate of `who` in the form that the client wants."""
    key = serialization.load_pem_private_key((KEYS / f"test-only-{who}.key.pem").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((KEYS / f"test-only-{who}.crt.pem").read_bytes())
    locked = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    path = folder / f"{who}.p12"
    path.write_bytes(pkcs12.serialize_key_and_certificates(who.encode(), key, certificate, None, locked))
    return str(path)


def client(address, folder, ida="ida", partner="partner", misp_licence_key="licence-key"):
    store = key_store(partner, folder)
    config = SimpleNamespace(
        mosip_auth=SimpleNamespace(
            timestamp_format="%Y-%m-%dT%H:%M:%S",
            ida_auth_version="1.0",
            ida_auth_request_demo_id="mosip.identity.auth",
            ida_auth_request_kyc_id="mosip.identity.kyc",
            ida_auth_request_otp_id="mosip.identity.otp",
            ida_auth_env="Staging",
            authorization_header_constant="Authorization",
            partner_apikey="api-key",
            partner_misp_lk=misp_licence_key,
            partner_id="partner-1",
        ),
        mosip_auth_server=SimpleNamespace(
            ida_auth_domain_uri="https://ida.example", ida_auth_url=f"{address}/idauthentication/v1"
        ),
        crypto_encrypt=SimpleNamespace(
            symmetric_key_size=256,
            symmetric_nonce_size=128,
            symmetric_gcm_tag_size=128,
            encrypt_cert_path=str(KEYS / f"test-only-{ida}.crt.pem"),
            decrypt_p12_file_path=store,
            decrypt_p12_file_password=PASSPHRASE,
        ),
        crypto_signature=SimpleNamespace(
            algorithm="RS256", sign_p12_file_path=store, sign_p12_file_password=PASSPHRASE
        ),
    )
    quiet = logging.getLogger("mosip")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    return MOSIPAuthenticator(config=config, logger=quiet)


def ask(authenticator, name="Joe Leo", dob="1999/01/31", number=JOE, otp="", transaction="", consent=True):
    told = None
    if not otp:
        told = DemographicsModel(name=[{"language": "eng", "value": name}], dob=dob)
    answer = authenticator.kyc(
        individual_id=number,
        individual_id_type="UIN",
        demographic_data=told,
        otp_value=otp,
        txn_id=transaction,
        consent=consent,
    )
    assert answer.status_code == 200, answer.status_code
    return answer.json()


def passes(what, authenticator, **asked):
    answer = ask(authenticator, **asked)
    assert not answer["errors"], f"{what}: refused with {answer['errors']}"
    identity = authenticator.decrypt_response(answer)
    assert identity["name_eng"] == "Joe Leo" and identity["dob"] == "1999/01/31", f"{what}: another identity"
    print(f"passes: {what}")


def fails(what, code, authenticator, **asked):
    answer = ask(authenticator, **asked)
    codes = [error["errorCode"] for error in answer["errors"] or []]
    assert codes == [code], f"{what}: {codes} instead of {code}"
    assert answer["response"]["identity"] is None, f"{what}: tells an identity"
    print(f"fails with {code}: {what}")


def altered_on_the_way(authenticator):
    """The client, with someone on the way who changes the body after it is signed."""
    post = authenticator.auth_rest_util.post_request

    def change(**request):
        return post(**request | {"data": request["data"].replace(JOE, "1111111111")})

    authenticator.auth_rest_util.post_request = change
    return authenticator


def with_another_digest(authenticator):
    """The client, with what it encrypts as the digest not that of what it sends."""
    encrypt = authenticator.crypto_util.encrypt_auth_data

    def change(data):
        request, session_key, _ = encrypt(data)
        return request, session_key, request

    authenticator.crypto_util.encrypt_auth_data = change
    return authenticator


def main(program):
    server = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), f"{program} says {address!r}"
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            own = client(address, folder)
            passes("demographics", own)
            passes("a one-time password", own, otp="111111", transaction="otp1234567")
            fails("another name", "IDA-DEA-001", own, name="Joe Lee")
            fails("another date of birth", "IDA-DEA-001", own, dob="1999/01/30")
            fails("another password", "IDA-OTA-004", own, otp="222222", transaction="otp1234567")
            fails("the password of another transaction", "IDA-OTA-005", own, otp="111111")
            fails("a number of nobody", "IDA-MLC-018", own, number="2222222222")
            fails("a number that is none", "IDA-MLC-002", own, number="123")
            fails("no consent", "IDA-MLC-012", own, consent=False)
            fails("another licence key", "IDA-MPA-009", client(address, folder, misp_licence_key="other"))
            fails("another's signature", "IDA-MPA-021", client(address, folder, partner="stranger"))
            fails("encrypted to another", "IDA-MPA-003", client(address, folder, ida="stranger"))
            fails("altered on the way", "IDA-MPA-001", altered_on_the_way(client(address, folder)))
            fails("another digest", "IDA-MPA-016", with_another_digest(client(address, folder)))
            # To show that it is not the client that refuses.
            assert requests.post(address, data=b"{}", timeout=30).json()["errors"], "anything is answered"
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
