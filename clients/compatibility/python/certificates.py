"""An authority that is made for the occasion, and a certificate by it for this machine: what speaks HTTPS in the tests has it."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """Files. Whoever trusts `authority` trusts `chain`, whose key is `key`."""

    authority: Path
    chain: Path
    key: Path

    def serving(self):
        """What a server of the tests wraps its sockets in."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context

    def trusting(self):
        """What a client of the tests connects with."""
        return ssl.create_default_context(cafile=self.authority)


def certificates(folder):
    """Makes them in a folder. The certificate is no authority's itself: some libraries refuse a server with such a one."""
    folder = Path(folder)
    made = Certificates(folder / "authority.pem", folder / "cert.pem", folder / "key.pem")
    authority_key = folder / "authority.key"
    _openssl("-subj", "/CN=test authority", "-keyout", authority_key, "-out", made.authority)
    _openssl(
        "-subj", "/CN=localhost", "-CA", made.authority, "-CAkey", authority_key, "-keyout", made.key, "-out", made.chain,
        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE",
    )
    return made


def _openssl(*options):
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run([*command, *options], check=True, capture_output=True)
