"""From the samples of all rounds to medians, ratios and the JSON that scripts read."""

from statistics import median

from .measure import Sample
from .rows import ROWS

# samples[row][subject] is a list with one Sample for each round
Samples = dict[str, dict[str, list[Sample]]]


def ratio(samples: Samples, row: str, metric: str, subject: str, against: str) -> float | None:
    """The median of the per-round ratios of `metric`; None when one of the two was not measured."""
    pair = samples.get(row, {})
    if not pair.get(subject) or not pair.get(against):
        return None
    return median(getattr(one, metric) / getattr(other, metric) for one, other in zip(pair[subject], pair[against]))


def added(samples: Samples, row: str, to: str, metric: str, subject: str) -> float | None:
    """The median of what `row` adds to `metric` of the row `to` in the same round; None when one was not measured."""
    more, less = samples.get(row, {}).get(subject), samples.get(to, {}).get(subject)
    if not more or not less:
        return None
    return median(getattr(one, metric) - getattr(other, metric) for one, other in zip(more, less))


def across(samples: Samples, row: str, to: str, metric: str, subject: str) -> float | None:
    """The median of the ratios of `metric` of the row to that of the row `to` in the same round; None as above."""
    more, less = samples.get(row, {}).get(subject), samples.get(to, {}).get(subject)
    if not more or not less:
        return None
    return median(getattr(one, metric) / getattr(other, metric) for one, other in zip(more, less))


def disturbance(samples: Samples, row: str) -> float:
    """The largest share that others took of the two cores, of the medians of the row's subjects."""
    return max((median(one.others_share for one in rounds) for rounds in samples.get(row, {}).values()), default=0)


def entry(samples: Samples, row: str, subject: str) -> dict:
    rounds = samples[row][subject]
    cpu = [one.cpu_s_per_100k for one in rounds]
    middle = median(cpu)
    result = {
        "name": row,
        "subject": subject,
        "side": ROWS[row].side,
        "cpu_s_per_100k": middle,
        "calls_per_s": median(one.calls_per_s for one in rounds),
        "calls_per_cpu_s": median(one.calls_per_cpu_s for one in rounds),
        "p50_us": median(one.p50_us for one in rounds),
        "p99_us": median(one.p99_us for one in rounds),
        "rounds": len(rounds),
        "spread": (max(cpu) - min(cpu)) / middle,
        "others_share": median(one.others_share for one in rounds),
        "client_share": median(one.client_share for one in rounds),
    }
    shape = ROWS[row]
    if shape.message_bytes:
        result["messages_per_s"] = result["calls_per_s"] * shape.messages
        result["cpu_s_per_gb"] = middle / 1e5 / (shape.messages * shape.message_bytes) * 1e9
    for against in ("floor", "grpc_cpp", "tonic"):
        if against == subject:
            continue
        for metric, name in (("cpu_s_per_100k", "cpu"), ("calls_per_s", "calls_per_s"), ("p50_us", "p50")):
            value = ratio(samples, row, metric, subject, against)
            if value is not None:
                result[f"{name}_x_{against}"] = value
    return result


def table(entries: list[dict]) -> str:
    def number(value, pattern: str) -> str:
        return "-" if value is None else format(value, pattern)

    lines = [f"{'row':<17} {'subject':<9} {'calls/CPU s':>12} {'CPU s/100k':>11} {'calls/s':>11} {'p50 us':>9} {'p99 us':>9} "
             f"{'x floor':>8} {'x grpc_cpp':>10} {'x tonic':>8} {'spread':>7} {'others':>7} {'client':>7}"]
    for one in entries:
        lines.append(
            f"{one['name']:<17} {one['subject']:<9} {one['calls_per_cpu_s']:>12,.0f} {one['cpu_s_per_100k']:>11.4f} "
            f"{one['calls_per_s']:>11,.0f} {one['p50_us']:>9.1f} {one['p99_us']:>9.1f} "
            f"{number(one.get('cpu_x_floor'), '.2f'):>8} {number(one.get('cpu_x_grpc_cpp'), '.4f'):>10} {number(one.get('cpu_x_tonic'), '.3f'):>8} "
            f"{one['spread']:>7.0%} {one['others_share']:>7.0%} {one['client_share']:>6.0%}{'*' if one['client_share'] > 0.93 else ' '}")
    lines.append("x floor, x grpc_cpp, x tonic: medians of the per-round ratios of CPU time. spread: (largest - smallest) / median of the "
                 "CPU time.")
    lines.append("others: what anybody else took of the two cores; above some per cent, run again when the machine is quiet.")
    lines.append("client: how busy the client's core was; * = the rate is the client's limit, only the CPU time is the server's.")
    return "\n".join(lines)
