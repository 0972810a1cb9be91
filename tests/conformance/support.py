"""What the scripts of this folder share: outside tools, Pintle's programs, counting."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGS = ROOT / "build" / "test" / "conformance"
START_SECONDS = 30


class Missing(Exception):
    """A program that the run needs isn't there, or doesn't run."""


def outside(tool):
    """The path that tools/outside/TOOL prints, after making the tool if need be."""
    made = subprocess.run([ROOT / "tools" / "outside" / tool], stdout=subprocess.PIPE, text=True)
    if made.returncode != 0:
        raise Missing(f"tools/outside/{tool} failed")
    return made.stdout.strip()


def program(build, name):
    path = build.resolve() / "bin" / name
    if not os.access(path, os.X_OK):
        raise Missing(f"{path} is not there")
    return str(path)


def log_file(name):
    LOGS.mkdir(parents=True, exist_ok=True)
    return LOGS / f"{name}.log"


def make_certificates(folder):
    """What tests/certificates/make says, in this folder."""
    made = subprocess.run([ROOT / "tests" / "certificates" / "make", folder], capture_output=True, text=True)
    if made.returncode != 0:
        raise Missing(f"tests/certificates/make: {made.stderr.strip()}")


@contextlib.contextmanager
def running_server(command, name):
    """The port of a running server, which says on stdout where it listens; afterwards it is told to stop."""
    log = log_file(name)
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        end = time.monotonic() + START_SECONDS
        while not (said := re.search(r"^listening on .*:(\d+)$", log.read_text(errors="replace"), re.MULTILINE)):
            if process.poll() is not None or time.monotonic() > end:
                raise Missing(f"the server doesn't listen: {log.read_text(errors='replace').strip()[-400:]}")
            time.sleep(0.02)
        yield int(said.group(1))
        if process.poll() is not None:
            raise Missing(f"the server ended with {process.returncode} during the cases; {log} has what it said")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Tally:
    """Counts, and prints the cases that it is told one by one."""

    def __init__(self):
        self.passed = self.failed = 0

    def add(self, passed):
        self.passed += passed

    def fail(self, what, why=""):
        self.failed += 1
        print(f"FAILED  {what}" + (f"  {why}" if why else ""), flush=True)

    def case(self, good, what, said=""):
        if not good:
            return self.fail(what, said)
        self.passed += 1
        print(f"ok      {what}" + (f"  {said}" if said else ""), flush=True)

    def finish(self):
        """Prints the last line; the exit code."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0
