"""What a replay finds in answers side by side."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from tests.unit.replays import Row, collected, found_of, made_up
from worker.replay.findings import find
from worker.replay.quality import FEWEST


def test_changes() -> None:
    """By hand: five rows, of which one is refused and one is as it was."""
    rows = [(0.2, 0.2, None, "a"), (0.4, 0.6, None, "a"), (0.7, 0.49, None, "b"),
            (0.9, None, None, "b"), (0.1, 0.1 + 1e-14, None, "b")]  # fmt: skip
    found = find(collected(rows, batch=2), 0.5)
    changes = found["changes"]
    assert (changes["answered"], changes["answers"], changes["decisions"]) == (4, 2, 2)
    assert (changes["to_positive"], changes["to_negative"]) == (1, 1)
    assert changes["decisions_share"] == 0.5
    assert changes["difference"]["mean"] == pytest.approx(-0.01 / 4)
    assert changes["difference"]["mean_absolute"] == pytest.approx(0.41 / 4)
    assert changes["difference"]["largest_absolute"] == pytest.approx(0.21)
    assert [each["row"] for each in changes["largest"]] == [3, 2]
    assert sum(changes["histogram"]["counts"]) == 4
    assert found["refusals"]["rows"] == 1
    assert found["refusals"]["reasons"] == [{"reason": "x is 7: too odd", "rows": 1, "row": 4}]
    by_part = {each["segment"]: each for each in found["segments"]["part"]}
    assert (by_part["a"]["decisions"], by_part["b"]["decisions"]) == (1, 1)
    assert (by_part["a"]["refusals"], by_part["b"]["refusals"]) == (0, 1)
    assert by_part["b"]["mean_difference"] == pytest.approx(-0.105)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 1.0])
def test_a_probability_at_the_threshold_decides_for_the_positive_class(threshold: float) -> None:
    rows = [(threshold, threshold - 0.1, None, "a"), (threshold, threshold + 0.1, None, "a")]
    found = find(collected(rows), threshold)["changes"]
    assert (found["to_positive"], found["to_negative"]) == (0, 1)


def test_quality() -> None:
    """On rows that have a true class and both answers, and no others."""
    rows = made_up()
    found = find(collected(rows), 0.5)
    judged = [row for row in rows if row[2] is not None and row[1] is not None]
    truth = [row[2] for row in judged]
    stored, candidate = [row[0] for row in judged], [float(row[1] or 0) for row in judged]
    quality = found["quality"]
    assert quality["rows"] == len(judged) < found["rows"]["labelled"] < len(rows)
    assert found["rows"]["label_coverage"] == 0.8
    areas = roc_auc_score(truth, stored), roc_auc_score(truth, candidate)
    assert quality["auc"]["stored"]["area"] == pytest.approx(areas[0])
    assert quality["auc"]["candidate"]["area"] == pytest.approx(areas[1])
    assert quality["auc"]["drop"] == pytest.approx(areas[0] - areas[1])
    low, high = quality["auc"]["drop_interval"]
    assert low < quality["auc"]["drop"] < high
    assert quality["brier"]["rise"] == pytest.approx(
        brier_score_loss(truth, candidate) - brier_score_loss(truth, stored)
    )
    accuracy = np.mean([(c >= 0.5) == t for c, t in zip(candidate, truth, strict=True)])
    assert quality["candidate"]["accuracy"] == pytest.approx(accuracy)
    scores = quality["candidate"]["scores"]
    assert sum(scores["positive"]) == sum(truth)
    for part in found["segments"]["part"]:
        of_part = [row for row in judged if row[3] == part["segment"]]
        own = roc_auc_score([row[2] for row in of_part], [row[1] for row in of_part])
        assert part["auc"]["candidate"]["area"] == pytest.approx(own)


@pytest.mark.parametrize(("positive", "negative"), [(FEWEST - 1, 50), (50, FEWEST - 1), (0, 0)])
def test_too_few_labels_are_said(positive: int, negative: int) -> None:
    """In place of a number, which would mean nothing."""
    kinds: list[tuple[Row, int]] = [((0.5, 0.4, 1, "a"), positive), ((0.5, 0.4, 0, "a"), negative)]
    kinds.append(((0.5, 0.4, None, "b"), 5))
    rows = [row for row, times in kinds for _ in range(times)]
    found = find(collected(rows), 0.5)
    said = f"{positive} of the positive class and {negative} of the other, and each needs {FEWEST}"
    assert said in found["quality"]["too_few"]
    assert "auc" not in found["quality"]
    assert all("area" not in str(part["auc"]) for part in found["segments"]["part"])


@pytest.mark.parametrize(
    ("classes", "labels"),
    [
        ([0, 1], [0, 1, 1.0, True, "1", 2]),
        ([False, True], [False, True, 1, True, "True", 3]),
        (["no", "yes"], ["no", "yes", "yes", "yes", "yes", "perhaps"]),
        ([1, 0], [1, 0, 0, False, "0", "x"]),
    ],
)
def test_true_classes(classes: list[object], labels: list[object]) -> None:
    """By the candidate's own classes, whose second one is positive; others are counted apart."""
    replayed = collected([(0.5, 0.5, label, "a") for label in labels], classes=classes)
    assert replayed.labels.tolist() == [0, 1, 1, 1, 1, -2]
    assert find(replayed, 0.5)["quality"]["other_classes"] == 1


def test_the_order_of_batches_does_not_matter() -> None:
    """They come as processes are done with them."""
    rows = made_up()
    one, other = (collected(rows, batch=size) for size in (7, 400))
    assert one.row_ids.tolist() == list(range(1, 401))
    assert json.dumps(find(one, 0.5)) == json.dumps(find(other, 0.5))


def test_it_is_json() -> None:
    """Plain numbers, none of which is NaN; even when every row is refused."""
    for rows in (made_up(), [(0.5, None, 1, None)] * 4):
        json.dumps(found_of(collected(rows)), allow_nan=False)
