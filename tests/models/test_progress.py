"""Progress that only rises, whatever the measure does."""

from __future__ import annotations

import io
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from sfm2.cli.progress import shown_progress
from sfm2.models.progress import rising
from tests.models.tiny_model import RecordedProgress

MB = 1_000_000
MEASURES = st.lists(
    st.tuples(st.sampled_from(["downloading", "verifying"]), st.integers(0, 99), st.sampled_from([0, 99]))
)


@given(MEASURES)
def test_no_report_is_less_than_one_before_it(measures: Sequence[tuple[str, int, int]]) -> None:
    recorded = RecordedProgress()
    report = rising(recorded)
    for measure in measures:
        report(*measure)
    assert recorded.falls == []
    assert [(phase, total) for phase, _, total in recorded.calls] == [(phase, total) for phase, _, total in measures]
    assert all(now[1] >= measure[1] for now, measure in zip(recorded.calls, measures, strict=True))


def test_temporary_files_that_pip_removes_take_nothing_back_in_a_log() -> None:
    log = io.StringIO()
    with shown_progress(log) as progress:
        report = rising(progress)
        for percent in (0, 10, 0, 10, 20, 10, 20):
            report("downloading", percent * MB, 100 * MB)
    assert log.getvalue().splitlines() == [f"downloading {percent} % of 100 MB" for percent in (0, 10, 20)]
