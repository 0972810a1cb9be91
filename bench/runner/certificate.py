"""A certificate for the rows that speak TLS: ECDSA on P-256, signed by itself, made anew for each run."""

import os
import subprocess
import tempfile


class Certificate:
    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="pintle-bench-")
        self.certificate, self.key = (os.path.join(self._folder.name, name) for name in ("cert.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", self.key, "-out", self.certificate], check=True, capture_output=True)

    def arguments(self) -> tuple[str, ...]:
        """What a server is told."""
        return ("--tls", "--cert", self.certificate, "--key", self.key)

    def remove(self) -> None:
        self._folder.cleanup()
