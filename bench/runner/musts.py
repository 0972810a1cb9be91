"""The numbers that hold the design to account."""

from dataclasses import dataclass

from .measure import DISTURBED
from .summary import Samples, across, added, disturbance, ratio


@dataclass(frozen=True)
class Must:
    row: str
    metric: str  # of measure.Sample
    against: str
    must: float
    stretch: float
    at_most: bool = True
    plus: bool = False  # `against` is a row: the bound is for what is added to it, not for a ratio
    row_ratio: bool = False  # `against` is a row: the bound is for the ratio to it

    def value(self, samples: Samples) -> float | None:
        if self.plus:
            return added(samples, self.row, self.against, self.metric, "pintle")
        if self.row_ratio:
            return across(samples, self.row, self.against, self.metric, "pintle")
        return ratio(samples, self.row, self.metric, "pintle", self.against)

    def holds(self, value: float, bound: float) -> bool:
        return value <= bound if self.at_most else value >= bound


MUSTS = (
    Must("unary_10x10", "cpu_s_per_100k", "floor", 2.2, 1.8),
    Must("unary_10x10", "calls_per_s", "grpc_cpp", 16, 20, at_most=False),
    Must("unary_10x10", "calls_per_cpu_s", "tonic", 6, 8, at_most=False),
    Must("unary_1x100", "cpu_s_per_100k", "floor", 3.0, 2.4),
    Must("unary_1x100", "cpu_s_per_100k", "grpc_cpp", 1 / 22, 1 / 30),
    # One call a connection leaves nothing to coalesce: the kernel is what both cost, so the floor judges and gRPC C++ does not.
    Must("unary_100x1", "cpu_s_per_100k", "floor", 1.25, 1.1),
    Must("unary_1x1", "p50_us", "floor", 1.1, 1.08),
    Must("unary_10x10_meta8", "cpu_s_per_100k", "unary_10x10", 0.05, 0.03, plus=True),
    Must("stream_64k_down", "cpu_s_per_100k", "grpc_cpp", 0.65, 0.55),
    Must("stream_64k_up", "cpu_s_per_100k", "grpc_cpp", 0.45, 0.35),
    Must("stream_64b_down", "calls_per_s", "grpc_cpp", 30, 80, at_most=False),
    Must("client_10x10", "calls_per_cpu_s", "grpc_cpp", 22, 35, at_most=False),
    Must("client_1x100", "calls_per_cpu_s", "grpc_cpp", 20, 35, at_most=False),
    Must("layers_sight", "cpu_s_per_100k", "unary_10x10", 1.25, 1.15, row_ratio=True),
    Must("layers_full", "cpu_s_per_100k", "unary_10x10", 1.5, 1.3, row_ratio=True),
    Must("neighbour_large", "p99_us", "unary_10x10", 3, 1.5, row_ratio=True),
    Must("neighbour_bombs", "p99_us", "unary_10x10", 3, 1.5, row_ratio=True),
    Must("neighbour_handshakes", "p99_us", "tls_unary_10x10", 3, 1.5, row_ratio=True),
)


def judge(samples: Samples, rows: list[str]) -> tuple[list[str], bool]:
    """A line for each must of the rows that were asked for, and whether all hold. What was not measured does not hold."""
    lines = []
    passed = True
    for must in MUSTS:
        if must.row not in rows:
            continue
        value = must.value(samples)
        if value is None:
            verdict, shown = "NOT MEASURED", "-"
        else:
            shown = f"{value:.4f}"
            verdict = "MISSED"
            if must.holds(value, must.must):
                verdict = "stretch" if must.holds(value, must.stretch) else "must"
        sign = "<=" if must.at_most else ">="
        passed &= verdict in ("must", "stretch")
        others = disturbance(samples, must.row)
        if others > DISTURBED:
            verdict += f", but others took {others:.0%} of the cores"
        lines.append(f"{must.row:<17} {must.metric:<15} {'-' if must.plus else '/'} {must.against:<11} {shown:>9}  {sign} {must.must:.4g} "
                     f"(stretch {must.stretch:.4g})  {verdict}")
    return lines, passed
