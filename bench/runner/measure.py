"""One round: one row, one subject, one number of seconds."""

import json
import resource
import subprocess
import time
from dataclasses import dataclass

from . import machine
from .rows import Row
from .subjects import Beside, Broken, Place, Server


DISTURBED = 0.1  # of the two cores' time


@dataclass(frozen=True)
class Sample:
    calls: int
    seconds: float
    cpu_s: float  # of the side that the row is about
    client_cpu_s: float
    p50_us: float
    p99_us: float
    others_share: float = 0  # of the two cores' time, spent on what is neither server nor client

    @property
    def cpu_s_per_100k(self) -> float:
        return self.cpu_s / self.calls * 1e5

    @property
    def calls_per_s(self) -> float:
        return self.calls / self.seconds

    @property
    def calls_per_cpu_s(self) -> float:
        return self.calls / self.cpu_s

    @property
    def client_share(self) -> float:
        """Of the client's core; near 1 the rate is the client's limit, not the server's."""
        return self.client_cpu_s / self.seconds


class Others:
    """How much of the cores went to anybody but the server and the client, between its start and share()."""

    def __init__(self, server: Server, cores: set[int], beside: Beside | None):
        self._server = server
        self._cores = cores
        self._beside = beside
        self._wall = time.monotonic()
        self._begin = self._unexplained()

    def _unexplained(self) -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        ours = machine.cpu_seconds(self._server.pid) + children.ru_utime + children.ru_stime
        if self._beside is not None:
            ours += machine.cpu_seconds(self._beside.pid)
        return machine.busy_seconds(self._cores) - ours

    def share(self) -> float:
        wall = (time.monotonic() - self._wall) * len(self._cores)
        return max(0.0, (self._unexplained() - self._begin) / wall)


def run_client(program: str, row: Row, server: Server, place: Place, seconds: float, warmup: float) -> Sample:
    """Drives `server` with a client program that speaks the options and the JSON line of pintle_load."""
    command = [program, "--port", str(server.port), *row.load, "--seconds", str(seconds), "--warmup", str(warmup)]
    if row.side == "server":
        command += ["--server-pid", str(server.pid)]
    # It begins before the warm-up and goes on a little longer.
    beside = Beside(program, server.port, row.beside, place.core, seconds + warmup + 0.5) if row.beside else None
    others = Others(server, {server.core, place.core}, beside)
    done = subprocess.run(command, preexec_fn=place, capture_output=True, text=True, timeout=seconds + warmup + 60,
                          check=False)
    share = others.share()
    if beside is not None:
        beside.await_end()
    server.check_alive()
    if done.returncode != 0:
        raise Broken(f"{row.name} against {server.name}: {done.stderr.strip() or done.stdout.strip()}")
    line = json.loads(done.stdout.strip().splitlines()[-1])
    cpu = line["server_cpu_s"] if row.side == "server" else line["client_cpu_s"]
    if line["errors"] != 0 or line["calls"] == 0 or cpu <= 0:
        raise Broken(f"{row.name} against {server.name}: not a measurement: {line}")
    return Sample(line["calls"], line["seconds"], cpu, line["client_cpu_s"], line["p50_us"], line["p99_us"],
                  share)
