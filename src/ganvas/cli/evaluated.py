"""What `ganvas evaluate` says in words: the answers before the table, the reports and what to do next after it."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.cli.invocation import program

if TYPE_CHECKING:
    from ganvas.workflows.evaluations import Evaluation
    from ganvas.workflows.report import Answered

_WIDTH = 80
_MORE_STEPS = 3
"""Times as many steps as so far are proposed for training on."""


def answer_lines(answers: "Sequence[Answered]") -> list[str]:
    """Return a line for each answer, then why some cannot be told and what to do about it."""
    from ganvas.exporting.report.doubts import ADVICE

    width = 2 + max((len(answer.question) for answer in answers), default=0)
    lines = [
        f"{answer.question:{width}}{', '.join(filter(None, (answer.verdict, answer.number)))}" for answer in answers
    ]
    why = list(dict.fromkeys(doubt.replace("`", "") for answer in answers for doubt in answer.doubts))
    if why:
        lines += ["", "The numbers cannot tell all, for"]
        lines += [line for doubt in why for line in textwrap.wrap(f"- {doubt}", _WIDTH, subsequent_indent="  ")]
        lines += textwrap.wrap(ADVICE.replace("`", ""), _WIDTH)
    return lines


def next_lines(
    path: Path, evaluation: "Evaluation", answers: "Sequence[Answered]", data: Path, report: Path | None
) -> list[str]:
    """Return what to do next with one model, as fits what was answered of it."""
    quality, copies = answers[:3], answers[3:4]
    found: list[str] = []
    if any(answer.doubts for answer in quality):
        drawn = (
            path / "samples" if (path / "samples").is_dir() else f"{program()} generate {path} --num 64 --out pictures"
        )
        found.append(f"look at the pictures yourself: {report or drawn}")
    if any(answer.mark == "poor" for answer in quality):
        found.append('docs/trouble.md, "When training goes wrong": what you see, why, what to do')
    if any(answer.mark in ("fair", "poor") for answer in copies):
        found.append("docs/trouble.md, Memorising: look at the pairs in the report, and use more pictures")
    if any(answer.mark in ("fair", "poor") or answer.doubts for answer in quality):
        found += _train_on(path, evaluation)
    else:
        found += [*_generate(path), f"{program()} export {path} --out models/{path.resolve().name}"]
    if report is None:
        name = path.resolve().name
        found.append(f"{program()} evaluate {path} --data {data} --out reports/{name}   (a report; did it copy?)")
    return [f"{'      ' if number else 'Next: '}{line}" for number, line in enumerate(found)]


def _train_on(path: Path, evaluation: "Evaluation") -> list[str]:
    from ganvas.workflows.run_folder import is_run_folder

    if not evaluation.step or not is_run_folder(path):
        return []
    return [f"{program()} train --resume {path} --steps {_MORE_STEPS * evaluation.step}"]


def _generate(path: Path) -> list[str]:
    """Return how pictures are drawn; a translator is not asked for them without any to begin with."""
    from ganvas.models.family import offers_of
    from ganvas.training.penalties import DOMAINS, PAIRS
    from ganvas.workflows.run_folder import RunFolder, is_run_folder

    if not is_run_folder(path):
        return []
    translates = offers_of(RunFolder.open(path).config.recipe.model) & (DOMAINS | PAIRS)
    return [f"{program()} generate {path} {'--sources FOLDER' if translates else '--num 64'} --out pictures"]
