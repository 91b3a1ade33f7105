"""What the flow does: from an instance's file to a published timetable, in six stages.

A time limit is split over the stages; what a stage does not use goes to the next. Told to stop (by
what the job is asked in Redis, Ctrl-C on the command line, or SIGTERM), the engine in work hands
over its best, later stages are left out, and that is published before the run ends: as cancelled,
unless it was only asked to finish.
"""

from __future__ import annotations

import io
import logging
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect import get_run_logger
from prefect.client.schemas.objects import State

from flows.brief import Brief
from flows.budgets import PUBLISHING_SHARE, QUICK_SECONDS, QUICK_STAGES, SHARES, expect
from flows.cancelling import cancelled
from flows.certifying import Origin
from flows.checkpoints import checkpoints_of
from flows.curve import Curve, GrowingText
from flows.files import CURVE, SOLUTION, find_instance, job_folder
from flows.findings import lines, summary
from flows.following import Following
from flows.handing import result_of, whole
from flows.improving import improve
from flows.journal import Journal
from flows.living import answering_for
from flows.picture import draw, worth_drawing
from flows.placing import MAX_COURSES_PER_CLUSTER, place_clusters
from flows.publishing import publish_all
from flows.reporting import Outcome, report_of
from flows.retries import final_if_lasting
from flows.settings import Settings
from flows.targets import check_solution
from flows.warmup import COMPILING_SECONDS, compile_kernels, is_compiled
from tasks.budget import Budget
from tasks.check import check
from tasks.load import load
from tasks.organise import organise
from tasks.publish import Published
from tasks.report import report
from tasks.stopping import cancel, is_cancelled, is_stopped, searching, stop_searching
from timetabling.check import Finding
from timetabling.exports.certificate import Search
from timetabling.formats.digest import digest_of
from timetabling.penalties import FormulationName, evaluate, price_changes
from timetabling.penalties import formulation as find_formulation
from timetabling.view import document
from tracking.hooks import current_reporter
from tracking.jobs import accuracy_so_far, heeding, last_snapshot
from tracking.plan import plan as find_plan
from tracking.unit import Unit

__all__ = ["make_timetable"]

MOST_LOGGED = 3
"""Proofs of a kind that are written to the log: the report has more."""


def make_timetable(
    instance: Path,
    output: Path | None,
    *,
    formulation: FormulationName,
    weights: Mapping[str, int],
    time_limit_seconds: float,
    work_limit: int | None,
    plan: str,
    seed: int,
    start: Path | None,
    pins: Path | None,
    before: Path | None,
    change_price: int,
    max_changes: int | None,
) -> Published | State[Any]:
    """Make a timetable, in the running flow; `flows.timetable` says what is what."""
    settings = Settings()
    reporter, stages = current_reporter(), [stage.id for stage in find_plan(plan).stages]
    job = reporter.job_id
    with final_if_lasting(job):
        rules = find_formulation(formulation, weights)
        if before is not None:
            rules = price_changes(rules, change_price)
        if max_changes is not None and before is None:
            raise ValueError("most changes: expected a timetable before, got none")
        source = find_instance(instance, settings.data_folder)
        if output is None:
            target = job_folder(job, settings.data_folder) / SOLUTION
        elif output.is_absolute():
            target = check_solution(output, source)
        else:  # a deployment's runs are in a folder that goes with them
            raise ValueError(f"output: expected an absolute path, got {str(output)!r}")
    reporter.expect({name: QUICK_SECONDS for name in QUICK_STAGES if name in stages})
    _compile(reporter)
    budget = Budget(
        job, time.time(), time_limit_seconds * (1 - PUBLISHING_SHARE), work_limit, SHARES
    )
    expect(reporter, budget, "cpsat_solving")

    # The page draws it while it grows; publishing puts the whole one in its place. What an earlier
    # try has published stays as it is, until all of it is replaced.
    grows = output is None and not target.exists()
    found = GrowingText(target.with_name(CURVE)) if grows else io.StringIO()
    say = get_run_logger().info
    curve = Curve(found)
    with (
        searching(job),
        final_if_lasting(job),
        heeding(job, lambda request: stop_searching(job, cancel=request == "cancel")),
        _sigterm_cancels(job),
        answering_for(job),
        Following(lambda: last_snapshot(job), curve.see, Journal(say).see),
    ):
        reporter.start_stage("loading")
        # In this process: files are here.
        problem, begun = load(source, start, pins=pins, before=before, max_changes=max_changes)
        instance_sha256, start_sha256 = digest_of(source), digest_of(start) if start else None
        findings = check(whole(problem), formulation=rules)
        _tell(findings)
        checkpoints = checkpoints_of(
            job,
            begun,
            formulation=rules,
            limits=(time_limit_seconds, work_limit),
            seed=seed,
            max_courses=MAX_COURSES_PER_CLUSTER,
            num_islands=settings.num_islands,
        )
        reporter.complete_stage()

        reporter.start_stage("clustering")
        clustering = result_of(
            organise.submit(
                whole(problem),
                max_courses=MAX_COURSES_PER_CLUSTER,
                seed=seed,
                checkpoints=checkpoints,
            ),
            job,
        )
        reporter.complete_stage()

        expect(reporter, budget, "cpsat_solving")
        brief = Brief(rules, budget, settings, seed, checkpoints)
        best, bounding = place_clusters(begun, clustering, brief)
        best, least = improve(best, bounding, brief)
        if "finalize" in stages and not is_stopped(job):
            reporter.complete_stage()
            reporter.start_stage("finalize")
        score = evaluate(best, rules)
        stage = last["stage"] if (last := last_snapshot(job)) else stages[-1]
        curve.add(stage, violations=score.num_violations, cost=score.cost, bound=least)
        told = found.getvalue() if output is None else None
        search = Search(
            job_id=job,
            seed=seed,
            time_limit_seconds=time_limit_seconds,
            work_limit=work_limit,
            plan=plan,
            start_sha256=start_sha256,
            stopped_early=is_stopped(job),
        )
        seconds, drawn = time.time() - budget.started_at, worth_drawing(curve.points)
        published = publish_all(
            best,
            rules,
            Origin(instance_sha256, search, least),
            target,
            told,
            draw(drawn, seconds) if drawn else None,
        )
        outcome = Outcome(
            instance=problem.name,
            formulation=rules.name,
            score=score,
            bound=least,
            num_lectures=len(best.lectures),
            seconds=time.time() - budget.started_at,
            points=curve.points,
            accuracy=accuracy_so_far(job),
            cancelled=is_stopped(job),
            findings=findings,
        )
        content = report_of(outcome, document(best, rules, least))
        say(f"{content.summary}; written to {target}")
        # Its state, not its result: no run may fail for its report.
        report(whole(content), return_state=True)
        if not is_stopped(job):
            reporter.complete_stage()
        was_cancelled = is_cancelled(job)
    if not was_cancelled:
        return published
    return cancelled(
        f"stopped; best so far is in {target}: "
        f"{score.num_violations} violations, cost {score.cost}",
        replace(published, cancelled=True),
    )


def _tell(findings: Sequence[Finding]) -> None:
    """Write to the log what the data check has found; the run goes on whatever it is.

    Where there is no timetable, one that breaks few rules is still wanted, and shows which.
    """
    log = get_run_logger()
    proofs = [finding for finding in findings if finding.is_impossible]
    for line in lines(proofs, most=MOST_LOGGED):
        log.warning(line)
    log.log(logging.WARNING if proofs else logging.INFO, f"Data check: {summary(findings)}")


def _compile(reporter: Unit) -> None:
    """Compile the kernels where they are not, before the time limit begins."""
    if not is_compiled():
        reporter.expect({"loading": COMPILING_SECONDS})
        reporter.start_stage("loading")
        compile_kernels(reporter.update)


@contextmanager
def _sigterm_cancels(job: str) -> Iterator[None]:
    """Have SIGTERM, by which Prefect's runners cancel a run, end the search and nothing else.

    Prefect would raise an error wherever the flow's thread happens to be, in publishing too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are not this thread's
        return
    before = signal.signal(signal.SIGTERM, lambda *_: cancel(job))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
