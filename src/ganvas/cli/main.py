"""`ganvas VERB ...`: finds the verb, runs it, turns errors into one line and an exit code."""

import os
import sys

from ganvas import __version__
from ganvas.catalogue import Entry
from ganvas.cli.invocation import program
from ganvas.errors import GanvasError, unknown_name

VERBS: dict[str, Entry] = {
    "collect": Entry("ganvas.cli.collect:run", "addresses or a search in, a folder of images with their licences out"),
    "prepare": Entry("ganvas.cli.prepare:run", "images in, a dataset folder out"),
    "doctor": Entry("ganvas.cli.doctor:run", "whether pictures are good enough; how a picture of ours was made"),
    "train": Entry("ganvas.cli.train:run", "a recipe and a dataset in, a run folder out; or --resume a run"),
    "evaluate": Entry("ganvas.cli.evaluate:run", "a model and its dataset in, scores out"),
    "weights": Entry("ganvas.cli.weights:run", "the published networks that scores may need: which, and getting them"),
    "compare": Entry("ganvas.cli.compare:run", "several recipes in, each trained for as long, one table out"),
    "generate": Entry("ganvas.cli.generate:run", "a model in, images out"),
    "walk": Entry("ganvas.cli.walk:run", "a model in, a film from seed to seed out; or of a run's training"),
    "explore": Entry("ganvas.cli.explore:run", "a model in, directions along which its images change out"),
    "favourites": Entry("ganvas.cli.favourites:run", "generated pictures worth keeping: as how they were made"),
    "project": Entry("ganvas.cli.project:run", "a model and pictures in, the latents that come closest out"),
    "serve": Entry("ganvas.cli.serve:run", "models in, an HTTP interface that draws out"),
    "export": Entry("ganvas.cli.export:run", "a run in, a model folder out"),
    "recipes": Entry("ganvas.cli.recipes:run", "what can be trained"),
    "studio": Entry("ganvas.cli.studio:run", "the whole road in the browser, on a folder of datasets, runs and models"),
    "layers": Entry("ganvas.cli.layers:run", "what networks are built of: cheat-sheets of layers"),
    "network": Entry("ganvas.cli.network:run", "a network of your own, or a recipe's: its layers, shapes and costs"),
    "data": Entry("ganvas.cli.data:run", "what can be prepared; `data trace`: where an image went"),
    "completion": Entry("ganvas.cli.completion:run", "a script that makes bash, zsh or fish complete all of this"),
    "demo": Entry("ganvas.cli.demo:run", "the whole road on handwritten digits, in about two minutes"),
}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 an error in one line, 2 an unreadable command, 128 + n signal n."""
    try:
        sys.exit(_run(sys.argv[1:] if arguments is None else arguments))
    except GanvasError as error:
        print(f"ganvas: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("ganvas: stopped.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


def _run(arguments: list[str]) -> int:
    verb, *rest = arguments or ["--help"]
    if verb in ("-h", "--help", "help"):
        print(_help())
        return 0
    if verb in ("-V", "--version"):
        print(f"ganvas {__version__}")
        return 0
    if verb not in VERBS:
        print(f"ganvas: {unknown_name('verb', verb, VERBS)} See `{program()} --help`.", file=sys.stderr)
        return 2
    return VERBS[verb].load()(rest) or 0


def _help() -> str:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {name:<{width}}  {entry.summary}" for name, entry in VERBS.items())
    return f"""ganvas {__version__}: from a folder of images to a trained, measured, shareable image generator

usage: {program()} VERB [ARGUMENTS]

{verbs}

`{program()} VERB --help` describes a verb, `{program()} train RECIPE --help` every setting of a recipe;
`ganvas completion bash` makes a shell complete them.

The road:
  {program()} prepare photos/ --out data/photos --size 32
  {program()} train compact --data data/photos --out runs/photos
  {program()} evaluate runs/photos --data data/photos
  {program()} generate runs/photos --num 64 --out pictures
  {program()} export runs/photos --to model --out models/photos"""
