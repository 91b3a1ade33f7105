from __future__ import annotations

import pytest

from tracking import keys


def test_keys_are_spelled_as_readers_expect() -> None:
    assert keys.progress("8ae7f267") == "progress:job:8ae7f267"
    assert keys.events("8ae7f267") == "progress:job:8ae7f267:events"
    assert keys.TTL_SECONDS == 7200


@pytest.mark.parametrize("job_id", ["a", "a" * 128, "A-z0.9_"])
def test_a_job_id_of_allowed_characters_is_taken(job_id: str) -> None:
    assert keys.check_job_id(job_id) == job_id


@pytest.mark.parametrize("job_id", ["", "a" * 129, "a b", "a:b", "ü", "a\n", "../*?"])
def test_any_other_job_id_is_refused(job_id: str) -> None:
    with pytest.raises(ValueError, match="expected 1 to 128 of"):
        keys.progress(job_id)
