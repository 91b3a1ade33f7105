"""Tasks whose results are kept, so that a run which did not come to its end can go on."""

from __future__ import annotations

from datetime import timedelta

from prefect.cache_policies import CachePolicy
from prefect.serializers import CompressedPickleSerializer, Serializer
from prefect.transactions import get_transaction

from tasks.checkpoints import Piece
from tasks.retrying import RETRIES, Retries

__all__ = ["KEPT_FOR", "resumable", "unfinished"]

KEPT_FOR = timedelta(days=7)
"""How long the results of a run that never goes on are kept."""


class _Options(Retries):
    cache_policy: CachePolicy
    cache_expiration: timedelta
    persist_result: bool
    result_serializer: Serializer


def resumable(*piece: str) -> _Options:
    """Options of a task whose result is kept where its argument ``checkpoints`` says, if any.

    It should return little: what the flow knows anyway, such as the problem, need not be stored.

    Parameters
    ----------
    piece
        Names of the arguments that tell it from other runs of the task in the same job.
    """
    return _Options(
        **RETRIES,
        cache_policy=Piece(arguments=piece),
        cache_expiration=KEPT_FOR,
        persist_result=True,
        result_serializer=CompressedPickleSerializer(compressionlib="zlib"),
    )


def unfinished() -> None:
    """Say, in a task, that its result was cut short: it is handed on, and not kept."""
    transaction = get_transaction()
    if transaction is not None:
        transaction.write_on_commit = False
