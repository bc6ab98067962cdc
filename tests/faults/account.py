"""Accounts for every request of a run, against what the pipeline says of its observation. A check
that finds nothing must have been able to: `test_account.py` and `test_cooked_answers.py` feed each
of them a history with its fault in it."""

from __future__ import annotations

from tests.faults.answer_checks import check_answers
from tests.faults.books import Books
from tests.faults.job_checks import check_jobs
from tests.faults.label_checks import check_labels
from tests.faults.problem import Problem
from tests.faults.row_checks import check_again, check_predictions, check_rows

CHECKS = (
    check_answers,
    check_jobs,
    check_rows,
    check_predictions,
    check_again,
    check_labels,
)


def account(books: Books) -> list[Problem]:
    """Everything that is wrong."""
    return [problem for check in CHECKS for problem in check(books)]
