"""How right the time left is, over recorded runs, beside what people use now.

``python -m benchmarks.progress.eta``. The error is the mean absolute error of the time left over
the mean of the true time left, after the first tenth of a run. tqdm's and the plain estimate
(elapsed / progress) are told the same finished units with the same weights.
"""

from __future__ import annotations

import io
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace

from benchmarks.progress.traces import Trace, finished_percents, load, replay
from tracking.accuracy import Accuracy, Look, accuracy
from tracking.history import Record
from tracking.plan import plan as named_plan

Guess = Callable[[float, float], float | None]  # elapsed, percent of finished units -> seconds left


def ours(trace: Trace, history: Sequence[Record], *, learned: bool = False) -> Accuracy:
    """Judge our own estimate and bar."""
    plan = named_plan(trace.plan)
    shown, _ = replay(trace, replace(plan, learned=learned), history)
    return _judged([look for look, _ in shown], trace)


def plain(trace: Trace) -> Accuracy:
    """Elapsed over progress: what most hand-made bars do."""
    return _rival(trace, lambda elapsed, percent: elapsed * (100 - percent) / percent)


def tqdm_s(trace: Trace) -> Accuracy:
    """tqdm's own estimate, from its own code, on the run's clock."""
    from tqdm import tqdm

    now = 0.0
    bar: tqdm[None] = tqdm(total=100, file=io.StringIO(), mininterval=0, miniters=0)
    bar._time = lambda: now
    bar.start_t = bar.last_print_t = 0.0

    def guess(elapsed: float, percent: float) -> float | None:
        nonlocal now
        now = elapsed
        if percent > bar.n:
            bar.update(percent - bar.n)
        what = bar.format_dict
        rate = what["rate"] or (bar.n / elapsed if elapsed else None)
        return (100 - bar.n) / rate if rate else None

    judged = _rival(trace, guess)
    bar.close()
    return judged


def _rival(trace: Trace, guess: Guess) -> Accuracy:
    """Judge an estimate that looks five times a second, as often as those programs draw."""
    told = list(finished_percents(trace, named_plan(trace.plan)))
    looks: list[Look] = []
    elapsed, percent = 0.0, 0.0
    while elapsed < trace.seconds:
        while told and told[0][0] <= elapsed:
            percent = max(percent, told.pop(0)[1])
        left = guess(elapsed, percent) if percent > 0 and elapsed > 0 else None
        looks.append(Look(elapsed, percent, left))
        elapsed += 0.2
    return _judged(looks, trace)


def _judged(looks: Sequence[Look], trace: Trace) -> Accuracy:
    judged = accuracy(looks, trace.seconds)
    if judged is None:
        raise ValueError(f"{trace.name}: nothing was shown")
    return judged


def main() -> None:
    """Print a line a run, and the means."""
    traces = load()
    records = {trace.name: replay(trace, named_plan(trace.plan))[1] for trace in traces}
    rows: list[tuple[float, ...]] = []
    print(f"{'run':24} {'kind':11} {'s':>6} | error of the time left, % of it")
    print(f"{'':43} |  tqdm  plain   ours  +history | in range | bar, points off: plan, learned")
    for trace in traces:
        others = [
            records[other.name]
            for other in traces
            if other is not trace and other.kind == trace.kind
        ]
        without, with_history = ours(trace, ()), ours(trace, others)
        even = ours(trace, others, learned=True)
        row = (
            100 * tqdm_s(trace).eta_error,
            100 * plain(trace).eta_error,
            100 * without.eta_error,
            100 * with_history.eta_error,
            100 * with_history.in_range,
            without.bar_error,
            even.bar_error,
            100 * without.in_range,
        )
        rows.append(row)
        print(
            f"{trace.name:24} {trace.kind:11} {trace.seconds:6.1f} | {row[0]:5.0f} {row[1]:6.0f} "
            f"{row[2]:6.1f} {row[3]:9.1f} | {row[4]:7.0f}% | {row[5]:9.1f} {row[6]:8.1f}"
        )
    print()
    groups = {
        f"{kind}, {how}": [t.kind == kind and t.ended_early is early for t in traces]
        for kind in ("time limit", "work limit")
        for how, early in (("used to its end", False), ("done before it", True))
    }
    groups["all that used their limit"] = [not t.ended_early for t in traces]
    groups["all"] = [True for _ in traces]
    for name, chosen in groups.items():
        of_group = [row for row, belongs in zip(rows, chosen, strict=True) if belongs]
        if of_group:
            _print_means(name, of_group)


def _print_means(name: str, rows: list[tuple[float, ...]]) -> None:
    tqdm, plain, without, with_history, inside, bar, even, inside_without = (
        statistics.fmean(column) for column in zip(*rows, strict=True)
    )
    print(
        f"{f'{name}: mean of {len(rows)}':43} | {tqdm:5.0f} {plain:6.0f} {without:6.1f} "
        f"{with_history:9.1f} | {inside:7.0f}% | {bar:9.1f} {even:8.1f}   "
        f"(in range without history: {inside_without:.0f}%)"
    )


if __name__ == "__main__":
    main()
