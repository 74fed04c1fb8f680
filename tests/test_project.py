"""The project's promises about itself: the rules of the house, the tables, the documents, the examples."""

import ast
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small import FAMILIES
from studio_process import studio

import ganvas
from ganvas.catalogue import Entry
from ganvas.cli.main import VERBS, main
from ganvas.data.collecting import COLLECTORS
from ganvas.data.engines import ENGINES
from ganvas.data.operations import OPERATIONS
from ganvas.data.scaling import SCALINGS
from ganvas.data.sources import SOURCES
from ganvas.exporting.datasets import DATASET_EXPORTS
from ganvas.exporting.models import MODEL_EXPORTS
from ganvas.images import ImageShape, save_png
from ganvas.metrics import FEATURES, METRICS
from ganvas.models import MODELS
from ganvas.models.family import family_config
from ganvas.players import to_pixels
from ganvas.recipes import RECIPES
from ganvas.workflows.benchmarks import BENCHMARKS

ROOT = Path(__file__).parents[1]
SOURCE = sorted((ROOT / "src").rglob("*.py"))
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TABLES = {
    "VERBS": VERBS,
    "SOURCES": SOURCES,
    "COLLECTORS": COLLECTORS,
    "ENGINES": ENGINES,
    "OPERATIONS": OPERATIONS,
    "SCALINGS": SCALINGS,
    "DATASET_EXPORTS": DATASET_EXPORTS,
    "MODEL_EXPORTS": MODEL_EXPORTS,
    "MODELS": MODELS,
    "RECIPES": RECIPES,
    "METRICS": METRICS,
    "FEATURES": FEATURES,
    "BENCHMARKS": BENCHMARKS,
}
ROWS = [pytest.param(entry, id=f"{table}-{name}") for table, rows in TABLES.items() for name, entry in rows.items()]

LONGEST_FILE, LONGEST_FUNCTION, LONGEST_EXAMPLE, LONGEST_EXPERIMENT = 500, 60, 60, 160
NO_NOUNS = {"utils", "util", "helpers", "helper", "misc", "common"}
TENSORS_OF_A_CHECKED_FILE = "torch.load(io.BytesIO(content), map_location='cpu', weights_only=True)"
"""How `metrics/weights.py` reads weights published as a pickle alone, once their SHA-256 is the known one."""
CODE_RUNNING_FORMATS = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
COMMANDS_WITHOUT_TORCH = [
    "--help",
    "--version",
    "recipes",
    "layers",
    "layers linear --lang ru",
    "layers --markdown",
    "prepare --help",
    "doctor --help",
    "collect --help",
    "data",
    "train --help",
    "evaluate --help",
    "weights",
    "generate --help",
    "serve --help",
    "export --help",
    "demo --help",
]


@pytest.fixture(params=SOURCE, ids=lambda path: str(path.relative_to(ROOT / "src" / "ganvas")))
def tree(request: pytest.FixtureRequest) -> ast.Module:
    return ast.parse(request.param.read_text(encoding="utf-8"), str(request.param))


def at(node: ast.expr | ast.stmt) -> str:
    return f"line {node.lineno}: {ast.unparse(node)[:100]}"


def test_nothing_reads_or_writes_pickles(tree: ast.Module) -> None:
    """Whatever can run code when it is read is neither written nor read."""
    found = []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    checked = [call.func for call in calls if ast.unparse(call) == TENSORS_OF_A_CHECKED_FILE]
    for node in ast.walk(tree):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [module for module in modules if module.split(".")[0] in CODE_RUNNING_FORMATS]
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"torch.load", "torch.save"}:
            found += [] if node in checked else [at(node)]
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
            found.append(at(node.value))
    assert not found


def test_nothing_branches_on_a_models_or_recipes_name(tree: ast.Module) -> None:
    """A name leads to its row of a table; no `if name == "acgan"` anywhere."""
    names = MODELS.keys() | RECIPES.keys()
    found = []
    for node in ast.walk(tree):
        is_test = isinstance(node, ast.Compare | ast.MatchValue)
        is_test |= isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".startswith", ".endswith"))
        constants = [part for part in ast.walk(node) if isinstance(part, ast.Constant)] if is_test else []
        found += [at(constant) for constant in constants if constant.value in names]
    assert not found


def test_functions_are_short(tree: ast.Module) -> None:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_files_are_short_and_named_by_nouns() -> None:
    assert SOURCE
    for path in SOURCE:
        inside = path.relative_to(ROOT / "src")
        assert NO_NOUNS.isdisjoint({*inside.parts, path.stem}), f"{inside}: a function lives with its noun"
        assert path.read_text(encoding="utf-8").count("\n") <= LONGEST_FILE, inside


@pytest.mark.parametrize("entry", ROWS)
def test_every_row_of_every_table_loads(entry: Entry) -> None:
    assert entry.load() is not None
    assert entry.summary.strip() == entry.summary != ""
    assert "\n" not in entry.summary


def test_rows_are_named_as_what_they_load() -> None:
    assert {name: entry.load()().recipe for name, entry in RECIPES.items()} == {name: name for name in RECIPES}
    assert {name: entry.load()().family for name, entry in MODELS.items()} == {name: name for name in MODELS}
    assert {name: entry.load().name for name, entry in METRICS.items()} == {name: name for name in METRICS}


def test_every_penalty_is_a_row_and_a_setting() -> None:
    from ganvas.training.objective import DiscriminatorPenalties, GeneratorPenalties
    from ganvas.training.penalties import DISCRIMINATOR_PENALTIES, GENERATOR_PENALTIES

    assert list(DiscriminatorPenalties.model_fields) == list(DISCRIMINATOR_PENALTIES)
    assert list(GeneratorPenalties.model_fields) == list(GENERATOR_PENALTIES)


def test_every_public_name_resolves() -> None:
    assert len(set(ganvas.__all__)) == len(ganvas.__all__)
    for name in ganvas.__all__:
        assert getattr(ganvas, name) is not None
    assert set(ganvas.__all__) == set(dir(ganvas))
    with pytest.raises(AttributeError, match="no attribute `unknown`"):
        _ = ganvas.unknown


@pytest.mark.parametrize("arguments", COMMANDS_WITHOUT_TORCH)
def test_help_and_lists_import_no_torch(arguments: str) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "ganvas", *arguments.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    imported = set(re.findall(r"^import time:.*\|\s+(\S+)$", done.stderr, re.MULTILINE))
    assert "ganvas.cli.main" in imported
    assert {name for name in imported if name.split(".")[0] == "torch"} == set()


def photos(folder: Path, classes: list[str]) -> Path:
    """Make a folder of twelve 20x24 images per class, brighter from class to class; "" puts them in no sub-folder."""
    generator = np.random.default_rng(0)
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(12):
            pixels = generator.integers(100 * number, 100 * number + 100, (20, 24, 3)).astype(np.uint8)
            save_png(folder / name / f"{index}.png", pixels)
    return folder


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def run_example(name: str, arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [name, *shlex.split(arguments)])
    runpy.run_path(str(ROOT / "examples" / name), run_name="__main__")


@pytest.mark.slow
def test_example_digits_runs(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_example("digits.py", "--out made --steps 3", monkeypatch)
    assert {"sevens.png", "pi.png"} <= {path.name for path in (workplace / "made").iterdir()}


@pytest.mark.parametrize("classes", [["dark", "bright"], [""]], ids=["classes", "flat"])
def test_example_own_photos_runs(classes: list[str], workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos(workplace / "photos", classes)
    run_example("own_photos.py", "photos --out made --size 16 --steps 3", monkeypatch)
    assert (workplace / "made" / "model" / "README.md").is_file()
    assert len(list((workplace / "made" / "pictures").glob("seed0-*.png"))) == 64


def test_example_emoji_keeps_transparency(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    (workplace / "emoji").mkdir()
    for index in range(12):
        pixels = generator.integers(0, 256, (16, 20, 4)).astype(np.uint8)
        pixels[:4, :, 3] = 0
        save_png(workplace / "emoji" / f"{index}.png", pixels)
    run_example("emoji.py", "emoji --out made --size 16 --steps 3", monkeypatch)
    assert ganvas.load(workplace / "made" / "run").image_shape == (4, 16, 16)
    white, black = (np.asarray(Image.open(workplace / "made" / f"on-{name}.png")) for name in ("white", "black"))
    assert white.shape == black.shape == (302, 302, 3)
    assert white.mean() > black.mean(), "what is transparent shows the background"


def test_example_unbalanced_shows_small_classes_more(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photos(workplace / "photos", ["dark", "bright"])
    for file in sorted((workplace / "photos" / "bright").iterdir())[4:]:
        file.unlink()
    run_example("unbalanced.py", "photos --out made --size 16 --steps 3", monkeypatch)
    lines = capsys.readouterr().out.splitlines()
    small, large = (next(line for line in lines if line.startswith(name)) for name in ("bright", "dark"))
    of_set, of_shown = (float(share) for share in re.findall(r"([\d.]+)%", small))
    assert of_set < of_shown < 50 < float(re.findall(r"([\d.]+)%", large)[1])
    assert (workplace / "made" / "classes.png").is_file()


@pytest.mark.slow
def test_example_own_network_runs(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = ROOT / "examples" / "networks" / "attentive_gan.toml"
    run_example("own_network.py", f"{file} --out made --size 16 --steps 2", monkeypatch)
    assert (workplace / "made" / "model" / "model.json").is_file()
    assert "<svg" in (workplace / "made" / "network.svg").read_text(encoding="utf-8")


@pytest.mark.slow
def test_example_hub_upload_makes_a_repository(
    finished_run: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upload itself runs against a hub on this machine in tests/exporting."""
    run_example("hub_upload.py", f"{finished_run} --out repository --licence cc-by-4.0", monkeypatch)
    made = {path.name for path in (workplace / "repository").iterdir()}
    assert {"README.md", "generator.safetensors", "model.onnx", "samples.png"} <= made
    with pytest.raises(ganvas.GanvasError, match=r"Hub did not take `someone/pictures`|Nobody is logged in"):
        arguments = f"{finished_run} --out other --licence cc-by-4.0 --push someone/pictures"
        run_example("hub_upload.py", arguments, monkeypatch)


def test_example_plain_onnxruntime_needs_neither_ganvas_nor_torch(workplace: Path) -> None:
    """In an interpreter of its own, which finds no Ganvas; its images are those of the model, up to rounding."""
    family = family_config("compact", **FAMILIES["compact"])
    model = ganvas.Model.untrained(family, ImageShape(1, 8, 8), ("dark", "bright"), seed=0)
    ganvas.export(model, workplace / "model.onnx", to="onnx")
    code = (
        "import runpy, sys; sys.modules.update(dict.fromkeys(['ganvas', 'torch'])); sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    example = [str(ROOT / "examples" / "plain_onnxruntime.py"), "model.onnx", "--label", "1", "--out", "row.png"]
    done = subprocess.run([sys.executable, "-c", code, *example], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "'bright'" in done.stdout
    latents = np.random.default_rng(0).standard_normal((8, model.generator.latent_size), np.float32)
    with torch.no_grad():
        images = to_pixels(model.generator.eval()(torch.from_numpy(latents), torch.ones(8, dtype=torch.long)))
    drawn = np.asarray(Image.open(workplace / "row.png")).astype(int)
    assert np.abs(drawn - np.concatenate(list(images[..., 0]), axis=1)).max() <= 1


@pytest.mark.slow
def test_example_two_machines_runs_on_one(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_example("two_machines.py", "--out made --steps 2", monkeypatch)
    assert (workplace / "made" / "digits.png").is_file()


@pytest.mark.slow
def test_example_two_machines_runs_as_two_processes(workplace: Path) -> None:
    """Two processes of one machine stand for two machines: they share no memory, and meet by an address."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    arguments = [str(ROOT / "examples" / "two_machines.py"), "--out", "made", "--steps", "3"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (workplace / "made" / "digits.png").is_file()
    assert done.stdout.count("Pictures:") == 1, "the first alone draws"


def test_every_example_is_short_and_has_a_test() -> None:
    assert [path.name for path in EXAMPLES] == [
        "digits.py",
        "emoji.py",
        "hub_upload.py",
        "modes.py",
        "own_network.py",
        "own_photos.py",
        "plain_onnxruntime.py",
        "two_machines.py",
        "unbalanced.py",
    ]
    for path in EXAMPLES:
        longest = LONGEST_EXPERIMENT if path.stem == "modes" else LONGEST_EXAMPLE
        assert path.read_text(encoding="utf-8").count("\n") < longest, path.name


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_readmes_python_runs(workplace: Path) -> None:
    (code,) = blocks(ROOT / "README.md", "python")
    assert code in f"{ganvas.__doc__}", "README.md and the docstring of `ganvas` show the same lines"
    shorter = code.replace("steps=600", "steps=3")
    assert shorter != code
    names: dict = {}
    exec(compile(shorter, "README.md", "exec"), names)
    assert names["images"].shape == (16, 16, 16, 1)
    assert names["scores"][0].metric == "accuracy"


def test_the_readmes_six_commands_run(workplace: Path) -> None:
    photos(workplace / "photos", ["dark", "bright"])
    commands = [line for block in blocks(ROOT / "README.md", "sh") for line in block.splitlines()]
    road = [shlex.split(line, comments=True)[1:] for line in commands if line.startswith("ganvas ")]
    assert [words[0] for words in road] == ["prepare", "train", "evaluate", "generate", "export", "studio"]
    road[0][road[0].index("--size") + 1] = "8"
    road[1] += ["--steps", "3"]
    for words in road[:-1]:
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0, words
    assert (workplace / "models" / "photos" / "model.json").is_file()
    with studio(Path(road[-1][1]), workplace / "studio.txt") as running:
        assert running.process.poll() is None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not missing


def test_the_architecture_names_every_package() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = [path.parent.name for path in SOURCE if path.name == "__init__.py" and path.parent.name != "ganvas"]
    assert [name for name in packages if f"{name}/" not in text] == []


def test_contributing_is_short() -> None:
    assert (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").count("\n") < 60
