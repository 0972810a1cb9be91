"""Builds what a run needs, and says what can't be built."""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _quiet(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
        raise SystemExit(f"bench: failed: {' '.join(command)}")


def build(folder: str, programs: list[str]) -> None:
    """Configures the release preset unless `folder` is another build, and builds those programs that have a target."""
    if folder == default_folder():
        _quiet(["cmake", "--preset", "release"])
    known = subprocess.run(["ninja", "-C", folder, "-t", "targets", "all"], capture_output=True, text=True, check=False)
    targets = {line.split(":", 1)[0] for line in known.stdout.splitlines()}
    wanted = [program for program in programs if program in targets]
    if wanted:
        _quiet(["cmake", "--build", folder, "--parallel", "2", "--target", *wanted])


def build_outside(folder: str, tools: list[str]) -> None:
    """Has each tool of tools/outside made, and puts the programs of its folder beside our own."""
    for tool in tools:
        path = os.path.join(ROOT, "tools", "outside", tool)
        made = subprocess.run([path], stdout=subprocess.PIPE, text=True, check=False)
        if made.returncode != 0:
            print(f"bench: tools/outside/{tool} failed", file=sys.stderr)
            continue
        place = made.stdout.strip().splitlines()[-1]
        for program in os.listdir(place):
            link = os.path.join(folder, "bin", program)
            if program.endswith(("_server", "_client")):
                if os.path.lexists(link):
                    os.remove(link)
                os.symlink(os.path.join(place, program), link)


def default_folder() -> str:
    return os.path.join(ROOT, "build", "release")
