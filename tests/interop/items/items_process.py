"""The items service as a process, the tools of others that judge it, and a line per case: for the scripts of this folder's
neighbours too."""

import json
import pathlib
import re
import signal
import subprocess
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[3]
CALL_SECONDS = 20
START_SECONDS = 20


def objects_of(text):
    """The JSON values that stand one after the other in a text."""
    decoder, values, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        values.append(value)
    return values


def execute(command, messages):
    """(exit code, stdout, stderr) of a tool that gets the messages as JSON on stdin."""
    text = "".join(json.dumps(message) for message in messages)
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=CALL_SECONDS)
    return done.returncode, done.stdout, done.stderr


def made(tool):
    """The path of an outside tool, made if it isn't there."""
    return subprocess.run([ROOT / "tools" / "outside" / tool], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


class Service:
    """The items service as a process; one database through all of its lives. With a folder of certificates it speaks TLS."""

    def __init__(self, program, folder, log, certificates=None, flags=()):
        self._command = [program, "--server.port", "0", "--admin.port", "0", "--items.sqlite.path", str(folder / "items.db")]
        self._command += flags
        self._log = log
        self.process = self.port = self.roots = None
        self.admin = []  # where its pages are
        if certificates:
            self.roots = certificates / "ca.pem"
            self._command += ["--server.tls.certificate_file", str(certificates / "server.pem")]
            self._command += ["--server.tls.key_file", str(certificates / "server.key")]

    def start(self):
        before = self._log.stat().st_size if self._log.exists() else 0
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(self._command, stderr=log, stdout=log)
        end = time.monotonic() + START_SECONDS
        while True:
            text = self._log.read_bytes()[before:].decode(errors="replace")
            if ready := re.search(r'"address"\s*:\s*"[^"]*:(\d+)"', text):
                self.port = int(ready[1])
                self.admin = re.search(r'"admin"\s*:\s*"([^"]*)"', text)[1].split()
                return
            if self.process.poll() is not None:
                raise RuntimeError(f"items ended with {self.process.returncode}: {text[-2000:]}")
            if time.monotonic() > end:
                raise RuntimeError(f"items isn't ready after {START_SECONDS} s: {text[-2000:]}")
            time.sleep(0.02)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "killed after 20 s"


def same(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def run(self, tool, name, case):
        started, why = time.monotonic(), ""
        try:
            case()
        except Exception as error:  # whatever happens in one case, the others shall run
            why = f"{type(error).__name__}: {error}" if str(error) else traceback.format_exc()
        self.passed += not why
        self.failed += bool(why)
        print(f"{tool:13} {name:52} {'FAILED' if why else 'ok':6} {time.monotonic() - started:5.2f} s  {why}".rstrip(), flush=True)
