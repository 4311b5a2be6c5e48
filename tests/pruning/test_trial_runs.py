"""Trials as runs of MLflow."""

from pathlib import Path

import numpy as np
from mlflow import MlflowClient

from vq.pruning.trial import Effect, Trial
from vq.pruning.trial_runs import trial_runs
from vq.pruning.trials import Kept

NOT_ASKED = np.array([np.nan, np.nan])
PAIR = Kept(Effect(np.array([0.5, 0.75]), np.array([0.25, 0.5])), seconds=2.0)
ALONE = Kept(Effect(np.array([0.5, 0.25]), NOT_ASKED), seconds=1.0)


def test_a_trial_is_recorded_once_under_a_parent(store: MlflowClient) -> None:
    """With each repeat; other params have another parent, which lists it too."""
    for seed in (7, 7, 8):
        Path("params.yaml").write_text(f"seed: {seed}\n")
        with trial_runs() as record:
            record("k1", Trial(("a", "b"), student=True), PAIR)
            record("k2", Trial(("a",), student=False), ALONE)
            record("k2", Trial(("a",), student=False), ALONE)

    experiments = [one.experiment_id for one in store.search_experiments()]
    parents = store.search_runs(experiments, "tags.kind = 'parent'")
    assert len(parents) == 2
    for parent in parents:
        children = f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
        alone, pair = store.search_runs(experiments, children, order_by=["metrics.seconds"])
        assert pair.data.params == {"experts": "a + b", "student": "true"}
        repeats = store.get_metric_history(pair.info.run_id, "student.srcc.repeat")
        assert [point.value for point in repeats] == [0.25, 0.5]
        assert alone.data.metrics == {
            **{"seconds": 1.0, "teacher.srcc": 0.375, "teacher.srcc.repeat": 0.25}
        }
