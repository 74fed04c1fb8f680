"""What each verb's help shows at its end: commands to begin with, and where to read on."""

from typing import NamedTuple


class Shown(NamedTuple):
    """Commands as they are typed, and pages and verbs that go further."""

    examples: tuple[str, ...]
    further: str


EXAMPLES: dict[str, Shown] = {
    "collect": Shown(
        (
            "ganvas collect addresses.csv --out photos --limit 500",
            "ganvas collect commons --query 'Category:Teapots' --out teapots",
        ),
        "docs/data.md; then `ganvas doctor`, `ganvas prepare`",
    ),
    "prepare": Shown(
        (
            "ganvas prepare photos/ --out data/photos --size 32",
            "ganvas prepare photos.zip --out data/photos --size 96x64 --fit pad",
            "ganvas prepare mnist --out data/mnist --size 28",
        ),
        "docs/data.md; `ganvas doctor` shows the same beforehand, `ganvas data` lists the sources",
    ),
    "doctor": Shown(
        (
            "ganvas doctor photos/ --size 32 --report photos.html",
            "ganvas doctor --data data/photos",
            "ganvas doctor pictures/seed0-000003.png",
        ),
        "docs/data.md; `ganvas doctor --data DIR --help`, `ganvas doctor --again --help`, `ganvas prepare`",
    ),
    "doctor --data": Shown(
        ("ganvas doctor --data data/photos", "ganvas doctor --data data/photos --recipes compact,acgan --seconds 10"),
        "docs/families.md; `ganvas recipes`, `ganvas train RECIPE --data DIR --plan`",
    ),
    "doctor --again": Shown(
        ("ganvas doctor pictures/seed0-000003.png --again runs/photos --out again.png",),
        "docs/generating.md; `ganvas generate`",
    ),
    "train": Shown(
        (
            "ganvas train compact --data data/photos --out runs/photos",
            "ganvas train compact --data data/photos --plan",
            "ganvas train compact --data data/photos --out runs/wide --model.max-width 512",
            "ganvas train --resume runs/photos --steps 12000",
        ),
        "docs/road.md, docs/families.md, docs/trouble.md; `ganvas recipes`, `ganvas doctor --data DIR`",
    ),
    "evaluate": Shown(
        (
            "ganvas evaluate runs/a --data data/photos --out reports/a",
            "ganvas evaluate runs/a runs/b --data data/photos --seeds 3 --csv scores.csv",
            "ganvas evaluate runs/c --data data/photos --compare reports/a/scores.json",
        ),
        "docs/evaluation.md; `ganvas weights` gets the networks of `--features`, `ganvas compare` trains and scores",
    ),
    "weights": Shown(
        ("ganvas weights", "ganvas weights inception"),
        "docs/evaluation.md; `ganvas evaluate --features inception`",
    ),
    "compare": Shown(
        (
            "ganvas compare compact acgan --data data/photos --out comparison --minutes 2",
            "ganvas compare acgan acgan:training.seed=1 --data data/photos --out seeds",
            "ganvas compare mlp_gan --benchmark stacked-mnist --out stacked --minutes 1",
        ),
        "docs/families.md, docs/evaluation.md; `ganvas recipes`",
    ),
    "generate": Shown(
        (
            "ganvas generate runs/photos --num 64 --out pictures",
            "ganvas generate runs/digits --label 7 --seed 3 --num 20 --out sevens",
            "ganvas generate runs/colour --sources old-photos/ --out coloured",
        ),
        "docs/generating.md; `ganvas walk`, `ganvas explore`, `ganvas project`, `ganvas serve`",
    ),
    "walk": Shown(
        (
            "ganvas walk runs/digits --seeds 0-3 --out walk.webp",
            "ganvas walk runs/digits --training --out training.gif",
        ),
        "docs/generating.md; `ganvas generate`, `ganvas favourites`",
    ),
    "explore": Shown(
        (
            "ganvas explore runs/digits --out strips",
            "ganvas explore runs/digits --rename pca1=thickness",
            "ganvas generate runs/digits --direction thickness=2.5 --out thick",
        ),
        "docs/generating.md; `ganvas generate`, `ganvas studio`",
    ),
    "favourites": Shown(
        (
            "ganvas favourites favourites.json --keep pictures/seed0-000003.png",
            "ganvas favourites favourites.json --forget 2",
        ),
        "docs/generating.md; `ganvas walk MODEL --favourites FILE`, `ganvas studio`",
    ),
    "project": Shown(
        (
            "ganvas project runs/digits me.jpg --out projected",
            "ganvas generate runs/digits --latents projected/latents.json --out again",
        ),
        "docs/generating.md; `ganvas generate`",
    ),
    "serve": Shown(
        (
            "ganvas serve runs/digits",
            "GANVAS_TOKEN=... ganvas serve digits=runs/a cats=models/b --host 0.0.0.0",
        ),
        "docs/serving.md, docs/security.md; `ganvas export --to container`",
    ),
    "export": Shown(
        (
            "ganvas export runs/digits --out models/digits --licence apache-2.0",
            "ganvas export runs/digits --to web --out digits.html",
            "ganvas export data/photos --to parquet --out photos-parquet",
        ),
        "docs/generating.md of models, docs/data.md of datasets; `ganvas serve`",
    ),
    "recipes": Shown(
        ("ganvas recipes", "ganvas recipes compact --short"),
        "docs/families.md; `ganvas train`, `ganvas doctor --data DIR`, `ganvas network NAME`",
    ),
    "studio": Shown(
        ("ganvas studio my-project", "ganvas studio my-project --port 0 --no-browser"),
        "docs/studio.md, docs/security.md; `ganvas serve` has no pages but its own",
    ),
    "layers": Shown(
        ("ganvas layers", "ganvas layers convolution", "ganvas layers convolutional --lang ru"),
        "docs/layers.md, docs/networks.md; `ganvas network`",
    ),
    "network": Shown(
        (
            "ganvas network acgan_mnist",
            "ganvas network my_gan.toml --data data/photos --diagram my_gan.svg",
            "ganvas network dcgan --size 64 --channels 3 --classes 0",
        ),
        "docs/networks.md; `ganvas layers`, `ganvas train FILE.toml`",
    ),
    "data": Shown(
        ("ganvas data", "ganvas data trace photos/cat.jpg"),
        "docs/data.md; `ganvas data trace --help`, `ganvas prepare`",
    ),
    "data trace": Shown(
        ("ganvas data trace photos/cat.jpg", "ganvas data trace 'Ada Lovelace' --within my-project"),
        "docs/data.md; `ganvas prepare`",
    ),
    "demo": Shown(
        ("ganvas demo", "ganvas demo --out my-demo"),
        "docs/road.md: the same step by step, with what to look at",
    ),
    "completion": Shown(
        (
            "ganvas completion bash > ~/.local/share/bash-completion/completions/ganvas",
            "ganvas completion zsh > ~/.zfunc/_ganvas",
            "ganvas completion fish > ~/.config/fish/completions/ganvas.fish",
        ),
        "docs/road.md",
    ),
}
"""Of each verb, and of those of its forms that have a page of their own."""
