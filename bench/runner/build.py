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


def default_folder() -> str:
    return os.path.join(ROOT, "build", "release")
