"""Automations of Prefect's server: a run that is dead is said to be so, whoever has killed it.

A worker says of a run's process that it has ended. Nobody does when both are gone, with their
machine: Prefect would show such a run as Running, or as Pending, for ever. A run that was only not
heard, since the server or the network was away, says that it lives: `flows.living`.
"""

from __future__ import annotations

from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from flows.living import SILENCE
from flows.timetable import timetable

__all__ = ["bury_the_dead"]

# Three heartbeats, which `prefect.yaml` asks of each run twice a minute.
SILENT_FOR = timedelta(seconds=90)

# The process of a run is started within seconds, a container may have to be fetched first.
PENDING_FOR = timedelta(minutes=10)


def bury_the_dead(
    client: SyncPrefectClient,
    *,
    silent_for: timedelta = SILENT_FOR,
    pending_for: timedelta = PENDING_FOR,
) -> None:
    """Have the server end, as crashed, runs of which nothing is heard any more.

    What is there under the same names is made anew; what is switched off stays off.

    Parameters
    ----------
    silent_for
        Time without a heartbeat; at least two heartbeats'.
    pending_for
        Time in which nobody begins a run that a worker has taken.
    """
    for name, after, within in (
        # Either of the two: a run may die before its first heartbeat.
        ("its heart", {"prefect.flow-run.Running", "prefect.flow-run.heartbeat"}, silent_for),
        # A worker has two names for it: when it has taken a run, and when it starts a process.
        (
            "its beginning",
            {"prefect.flow-run.Pending", "prefect.flow-run.Submitting"},
            pending_for,
        ),
    ):
        automation = AutomationCore(
            name=f"{timetable.name}: crash a run when {name} is missing",
            description="Made by `horarium deploy`.",
            trigger=EventTrigger(
                after=after,
                expect={"prefect.flow-run.*"},
                for_each={"prefect.resource.id"},
                match={"prefect.resource.id": "prefect.flow-run.*"},
                match_related=[
                    {"prefect.resource.role": "flow", "prefect.resource.name": timetable.name},
                    # A run without a deployment has no heartbeat: nobody has asked for one.
                    {"prefect.resource.role": "deployment"},
                ],
                posture=Posture.Proactive,
                threshold=1,
                within=within,
            ),
            actions=[
                ChangeFlowRunState(
                    state=StateType.CRASHED,
                    name="Crashed",
                    force=False,
                    message=f"{SILENCE} {within.total_seconds():g} s",
                )
            ],
        )
        known = client.read_automations_by_name(automation.name)
        if known:
            automation.enabled = known[0].enabled
            client.update_automation(known[0].id, automation)
        else:
            client.create_automation(automation)
