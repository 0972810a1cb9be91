"""The programs that are measured, and a running server as a context manager."""

import os
import socket
import subprocess
import time
from dataclasses import dataclass

from . import machine

# Programs of build/<preset>/bin. The targets have the same names.
SERVERS = {"pintle": "echo_server", "grpc_cpp": "grpc_cpp_server", "floor": "floor_server",
           "engine": "engine_server", "tonic": "tonic_server", "grpc_go": "grpc_go_server"}
CLIENTS = {"pintle": "echo_client", "grpc_cpp": "grpc_cpp_client", "tonic": "tonic_client"}
# The tools of tools/outside that make the programs of others.
OUTSIDE = {"tonic": "tonic-echo", "grpc_go": "grpc-go-echo"}
LOAD = "pintle_load"


class Broken(Exception):
    """A server or client did not do what was asked; the run has no result."""


@dataclass(frozen=True)
class Place:
    """Where a process runs; called in the new process before its program starts."""

    core: int
    realtime: bool = False  # before everybody else on that core; needs the right to it
    more: tuple[int, ...] = ()  # cores
    nice: int = 0

    def __call__(self) -> None:
        os.sched_setaffinity(0, {self.core, *self.more})
        os.nice(self.nice)
        if self.realtime:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


class Beside:
    """A load generator that loads a server while another one is measured; it stands back behind that one on their core."""

    def __init__(self, program: str, port: int, arguments: tuple[str, ...], core: int, seconds: float):
        command = [program, "--port", str(port), *arguments, "--seconds", str(seconds), "--warmup", "0"]
        self._process = subprocess.Popen(command, preexec_fn=Place(core, nice=19), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                         text=True)
        self.pid = self._process.pid

    def await_end(self) -> None:
        """It must have made calls, and nothing but right ones."""
        out, complaint = self._process.communicate(timeout=60)
        if self._process.returncode != 0:
            raise Broken(f"what ran beside: {complaint.strip() or out.strip()}")


class Server:
    """A server on its core, from the start of the run to its end."""

    def __init__(self, program: str, place: Place, under: tuple[str, ...] = (), patience: float = 10,
                 arguments: tuple[str, ...] = ()):
        self.port = machine.free_port()
        self.core = place.core
        command = [*under, program, "--port", str(self.port), *arguments]
        self._process = subprocess.Popen(command, preexec_fn=place, stdout=subprocess.DEVNULL)
        self.name = os.path.basename(program)
        self.pid = self._process.pid
        self._await_listener(patience)

    def _await_listener(self, patience: float) -> None:
        end = time.monotonic() + patience
        while time.monotonic() < end:
            self.check_alive()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self.stop()
        raise Broken(f"{self.name} does not listen on port {self.port} after {patience} s")

    def check_alive(self) -> None:
        status = self._process.poll()
        if status is not None:
            raise Broken(f"{self.name} has ended with status {status}")

    def stop(self) -> int:
        """SIGTERM, then SIGKILL after five seconds; the exit status."""
        self._process.terminate()
        try:
            return self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        self.stop()
