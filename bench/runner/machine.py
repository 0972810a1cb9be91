"""The machine: what it is, which cores the two sides get, which ports are safe."""

import os
import platform
import socket
import time


def describe() -> dict:
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    system = "unknown"
    if os.path.exists("/etc/os-release"):
        with open("/etc/os-release", encoding="utf-8") as file:
            for line in file:
                if line.startswith("PRETTY_NAME="):
                    system = line.split("=", 1)[1].strip().strip('"')
    return {"load_average": os.getloadavg()[0], "cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "system": system}


def cores() -> tuple[int, int]:
    """The core of the server and the core of the client; the same one where there is no other."""
    ours = sorted(os.sched_getaffinity(0))
    return ours[0], ours[min(1, len(ours) - 1)]


def busy_seconds(of: set[int]) -> float:
    """What these cores have spent on anything at all, theft by the hypervisor included, since the machine started."""
    names = {f"cpu{core}" for core in of}
    ticks = 0
    with open("/proc/stat", encoding="utf-8") as file:
        for line in file:
            name, *times = line.split()
            if name in names:
                user, nice, system, _idle, _wait, irq, softirq, steal = (int(time) for time in times[:8])
                ticks += user + nice + system + irq + softirq + steal
    return ticks / os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, ended threads included, by its CPU clock (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def free_port() -> int:
    """A port below 32768: above, the client's own connections may have taken it."""
    start = 20000 + os.getpid() % 5000
    for port in range(start, 32000):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SystemExit("bench: no free port below 32000")
