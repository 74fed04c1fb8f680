"""Model folders from anybody: nothing in them runs, nothing absurd is built, and each is refused with its reason."""

import json
import os
import pickle
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch

from ganvas.errors import GanvasError, ModelError, RunError
from ganvas.progress import Silent
from ganvas.storage import new_folder, sha256_of_file, write_file
from ganvas.tensors import read_tensors, write_tensors
from ganvas.workflows.export import export
from ganvas.workflows.generate import generate
from ganvas.workflows.model import load

WEIGHTS = "generator.safetensors"


@pytest.fixture(scope="module")
def exported(tmp_path_factory, finished_run):
    return export(finished_run, tmp_path_factory.mktemp("models") / "model")


@pytest.fixture
def model(exported, tmp_path):
    """A copy of a model folder to break."""
    return shutil.copytree(exported, tmp_path / "model")


def describe(folder, **changes):
    """Change a model's description."""
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def size(folder, **changes):
    """Change sizes of a model's networks."""
    describe(folder, model=json.loads((folder / "model.json").read_text())["model"] | changes)


def put(folder, content, name=WEIGHTS):
    """Put a weight file in place, with the SHA-256 that the description will confirm, as an attacker would."""
    path = folder / name
    path.unlink()
    path.write_bytes(content)
    seal(folder)


def seal(folder):
    describe(folder, weights={path.name: sha256_of_file(path) for path in folder.glob("*.safetensors")})


def rewritten(folder, change, name=WEIGHTS):
    """Change the tensors of a weight file."""
    tensors = read_tensors(folder / name)
    change(tensors)
    write_tensors(folder / name, {name: value.clone() for name, value in tensors.items()})
    seal(folder)


def header(entries, length=None):
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text


class Trap:
    """An object whose unpickling makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def truncated(folder):
    content = (folder / WEIGHTS).read_bytes()
    put(folder, content[: len(content) // 2])


def flipped(folder):
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-3] ^= 1
    (folder / WEIGHTS).write_bytes(content)


def first(tensors):
    return tensors["layers.0.weight"]


def huge(folder, entry):
    put(folder, header({"layers.0.weight": entry}))


HOSTILE = {
    "pickle as weights": (
        lambda folder: put(folder, pickle.dumps(Trap(folder / "trapped"))),
        r"generator\.safetensors` is a pickle, which can run any program",
    ),
    "torch.save as weights": (
        lambda folder: (torch.save(Trap(folder / "trapped"), folder / WEIGHTS), seal(folder)),
        "is a pickle",
    ),
    "pickle as discriminator": (
        lambda folder: put(folder, pickle.dumps(Trap(folder / "trapped")), "discriminator.safetensors"),
        r"discriminator\.safetensors` is a pickle",
    ),
    "pickle as description": (
        lambda folder: (folder / "model.json").write_bytes(pickle.dumps(Trap(folder / "trapped"))),
        r"model\.json` is not valid JSON",
    ),
    "header of 2^64 - 1 bytes": (lambda folder: put(folder, b"\xff" * 8 + b"{}"), "a header of 18,446,744,"),
    "header of 99 MB": (lambda folder: put(folder, header({}, 99_000_000)), "a header of 99,000,000 bytes"),
    "overlapping offsets": (
        lambda folder: put(
            folder,
            header(
                {
                    "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
                    "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]},
                }
            )
            + bytes(12),
        ),
        "not a valid safetensors file",
    ),
    "shape 2^63": (
        lambda folder: huge(folder, {"dtype": "F32", "shape": [2**63], "data_offsets": [0, 0]}),
        "not a valid safetensors file",
    ),
    "shape wraps to 0": (
        lambda folder: huge(folder, {"dtype": "F32", "shape": [2**32, 2**32], "data_offsets": [0, 0]}),
        "not a valid safetensors file",
    ),
    "truncated": (truncated, "not a valid safetensors file"),
    "a bit flipped": (flipped, "SHA-256 differs"),
    "empty": (lambda folder: put(folder, b""), "not a valid safetensors file"),
    "missing": (lambda folder: (folder / WEIGHTS).unlink(), r"generator\.safetensors` is missing"),
    "a folder": (lambda folder: ((folder / WEIGHTS).unlink(), (folder / WEIGHTS).mkdir()), "is not a file"),
    "a pipe": (lambda folder: ((folder / WEIGHTS).unlink(), os.mkfifo(folder / WEIGHTS)), "is not a file"),
    "a device": (
        lambda folder: ((folder / WEIGHTS).unlink(), (folder / WEIGHTS).symlink_to("/dev/zero")),
        "is not a file",
    ),
    "another file": (
        lambda folder: ((folder / WEIGHTS).unlink(), (folder / WEIGHTS).symlink_to("/etc/passwd")),
        "not a valid safetensors file",
    ),
    "NaN": (
        lambda folder: rewritten(folder, lambda found: first(found)[0].fill_(float("nan"))),
        r"`layers\.0\.weight` holds NaN",
    ),
    "infinity in statistics": (
        lambda folder: rewritten(folder, lambda found: found["layers.3.running_var"].fill_(float("inf"))),
        r"`layers\.3\.running_var` holds NaN or infinity",
    ),
    "surplus tensor": (
        lambda folder: rewritten(folder, lambda found: found.update({"__class__": torch.ones(1)})),
        "holds 1 tensors its network has no place for, `__class__` first",
    ),
    "missing tensor": (
        lambda folder: rewritten(folder, lambda found: found.pop("layers.0.weight")),
        r"lacks 1 tensors of its network, `layers\.0\.weight` first",
    ),
    "wrong shape": (
        lambda folder: rewritten(folder, lambda found: found.update({"layers.0.weight": first(found).T})),
        r"`layers\.0\.weight` is torch.float32 \[100, 128\]; its network has torch.float32 \[128, 100\]",
    ),
    "wrong dtype": (
        lambda folder: rewritten(folder, lambda found: found.update({"layers.0.weight": first(found).half()})),
        "torch.float16",
    ),
    "unknown family": (lambda folder: size(folder, family="gann"), "There are: acgan, acgan_mnist, biggan"),
    "family of another kind": (lambda folder: size(folder, family=["acgan"]), "names no model `family`"),
    "family as a path": (lambda folder: size(folder, family="../../os:system"), "There is no model family"),
    "another family": (
        lambda folder: describe(folder, model={"family": "acgan"}, classes=["a", "b"]),
        r"bytes; the weights of its network are|lacks",
    ),
    "latent size 10^9": (lambda folder: size(folder, latent_size=10**9), "`latent_size` is 1000000000.*4096"),
    "width 10^9": (lambda folder: size(folder, generator_widths=[10**9]), "generator_widths|tensors"),
    "width 10^30": (lambda folder: size(folder, generator_widths=[10**30]), "generator_widths|cannot have these sizes"),
    "width -5": (lambda folder: size(folder, generator_widths=[-5]), "generator_widths|cannot have these sizes"),
    "a million layers": (lambda folder: size(folder, generator_widths=[1] * 10**6), "at most|believed"),
    "a million classes": (
        lambda folder: describe(folder, model={"family": "acgan"}, classes=[str(label) for label in range(10**6)]),
        "larger than any description",
    ),
    "surplus size": (lambda folder: size(folder, depth=3), "`depth` is 3: Extra inputs are not permitted"),
    "negative image": (lambda folder: describe(folder, image_shape=[-1, -8, 8]), r"\[-1, -8, 8\].*at least 1"),
    "image of nothing": (lambda folder: describe(folder, image_shape=[0, 8, 8]), r"\[0, 8, 8\].*at least 1"),
    "image of 10^9 pixels": (lambda folder: describe(folder, image_shape=[1, 10**9, 10**9]), "up to 16384 values"),
    "image of two sizes": (lambda folder: describe(folder, image_shape=[8, 8]), "image_shape"),
    "classes of numbers": (lambda folder: describe(folder, classes=[1]), r"`classes\.0` is 1"),
    "later format": (lambda folder: describe(folder, format=2), "`format` is 2"),
    "surplus field": (lambda folder: describe(folder, code="import os"), "Extra inputs are not permitted"),
    "no hash": (lambda folder: describe(folder, weights={}), "SHA-256 differs"),
    "hash of another file": (
        lambda folder: describe(folder, weights={"../../etc/passwd": "0", WEIGHTS: "0"}),
        "SHA-256 differs",
    ),
    "score of no kind": (lambda folder: describe(folder, origin={"score": 3}), "no `protocol` and `value`"),
    "not JSON": (lambda folder: (folder / "model.json").write_text("{'family': 'acgan'}"), "is not valid JSON"),
    "JSON with NaN": (lambda folder: (folder / "model.json").write_text('{"a": NaN}'), "it holds NaN"),
    "JSON list": (lambda folder: (folder / "model.json").write_text("[]"), r"model\.json"),
    "JSON nested": (lambda folder: (folder / "model.json").write_text("[" * 10**6), "is not valid JSON"),
    "JSON of 5 MB": (lambda folder: (folder / "model.json").write_text(" " * 5 * 10**6 + "{}"), "larger than any"),
    "UTF-16": (lambda folder: (folder / "model.json").write_bytes(b"\xff\xfe{\x00"), "is not valid JSON"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_model_folder_is_refused_with_its_reason(model, kind):
    breaks, reason = HOSTILE[kind]
    breaks(model)
    with pytest.raises(GanvasError, match=reason) as caught:
        load(model)
    assert len(str(caught.value)) < 1000
    assert not (model / "trapped").exists(), "the pickle ran"


def test_the_trap_itself_works(tmp_path):
    pickle.loads(pickle.dumps(Trap(tmp_path / "trapped")))
    assert (tmp_path / "trapped").is_dir()


def test_files_given_as_models(model, tmp_path):
    torch.save({"weight": Trap(tmp_path / "trapped")}, tmp_path / "model.pt")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Trap(tmp_path / "trapped")))
    (tmp_path / "model.ckpt").write_bytes(b"whatever")
    for name in ("model.pt", "model.pkl", "model.ckpt"):
        with pytest.raises(ModelError, match=r"is a pickle, .*Give a model or run folder made by Ganvas"):
            load(tmp_path / name)
    assert not (tmp_path / "trapped").exists()
    with pytest.raises(ModelError, match="is a file; give the model folder"):
        load(model / WEIGHTS)
    with pytest.raises(ModelError, match="does not exist"):
        load(tmp_path / "none")
    with pytest.raises(ModelError, match="is neither a run folder"):
        load(tmp_path)
    with pytest.raises(GanvasError, match="File name too long"):
        load(tmp_path / ("x" * 300))


def test_whole_model_draws_and_so_does_one_without_its_discriminator(model, exported, finished_run):
    pixels = load(finished_run).generate(5, seed=1)
    assert np.array_equal(load(exported).generate(5, seed=1), pixels)
    (model / "discriminator.safetensors").unlink()
    alone = load(model)
    assert np.array_equal(alone.generate(5, seed=1), pixels)
    with pytest.raises(ModelError, match="without its discriminator"):
        _ = alone.gan


MEASURE = """
import resource, sys
from pathlib import Path
from ganvas.errors import GanvasError
from ganvas.workflows.model import load
load(Path(sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[2:]:
    try:
        load(Path(path))
    except GanvasError as error:
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, error)
"""


def sparse(folder, num_bytes):
    """Make weights that claim, and seem to have, many bytes that take no space."""
    path = folder / WEIGHTS
    path.unlink()
    path.write_bytes(header({"layers.0.weight": {"dtype": "U8", "shape": [num_bytes], "data_offsets": [0, num_bytes]}}))
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + num_bytes)


HEAVY = {
    "a million layers": lambda folder: size(folder, generator_widths=[1] * 10**6),
    "width 10^6": lambda folder: size(folder, generator_widths=[10**6, 10**6]),
    "a million classes": HOSTILE["a million classes"][0],
    "100 GB that take no space": lambda folder: sparse(folder, 10**11),
    "a megabyte of header": lambda folder: put(
        folder,
        header({str(number): {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for number in range(15_000)}),
    ),
}


def test_hostile_models_cost_little_memory(exported, tmp_path):
    """All refused within 32 MB more than a good model needs, whatever they claim."""
    folders = [shutil.copytree(exported, tmp_path / kind) for kind in HEAVY]
    for folder in folders:
        HEAVY[folder.name](folder)
    command = [sys.executable, "-c", MEASURE, exported, *folders]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=200).stdout
    print(shown)
    assert len(lines := shown.splitlines()) == len(HEAVY)
    assert max(int(line.split()[0]) for line in lines) < 32


# Run folders from others


def resealed(folder, **contents):
    """Seal a checkpoint anew with files replaced."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
    with new_folder(folder) as working:
        for name, content in (files | contents).items():
            write_file(working / name, content)


def test_hostile_run_folders(run_copy):
    best = run_copy / "checkpoints" / (run_copy / "best").read_text().strip()
    resealed(best, **{WEIGHTS: pickle.dumps(Trap(run_copy / "trapped"))})
    with pytest.raises(ModelError, match="is a pickle"):
        load(run_copy)
    assert not (run_copy / "trapped").exists()
    resealed(best, **{WEIGHTS: b"\xff" * 100})
    with pytest.raises(GanvasError, match="not a valid safetensors file"):
        load(run_copy)
    shutil.rmtree(run_copy / "checkpoints")
    with pytest.raises(RunError, match="has no usable checkpoint"):
        load(run_copy)


@pytest.mark.parametrize("sizes", [[1] * 10**5, [10**30], [-1]])
def test_hostile_sizes_in_a_run(run_copy, sizes):
    path = run_copy / "config.json"
    config = json.loads(path.read_text())
    config["recipe"]["model"]["generator_widths"] = sizes
    path.write_text(json.dumps(config))
    with pytest.raises(GanvasError):
        load(run_copy)


@pytest.mark.parametrize("state", [b"[]", b"{}", b'{"step": "1"}', b"\xff"])
def test_hostile_state_in_a_run(run_copy, state):
    best = run_copy / "checkpoints" / (run_copy / "best").read_text().strip()
    resealed(best, **{"state.json": state})
    with pytest.raises(GanvasError, match=r"state\.json"):
        load(run_copy)


@pytest.mark.parametrize("name", [b"../../../etc", b"/etc/passwd", b"..", b"", b"\x00", b"\xff\xfe", b"a\nb"])
def test_pointer_out_of_the_run_leads_nowhere(run_copy, name):
    (run_copy / "best").write_bytes(name)
    assert load(run_copy).origin["step"] == 6


@pytest.mark.parametrize("seed", range(20))
def test_flipped_bits_in_a_model_never_pass_nor_crash(model, exported, tmp_path, seed):
    """A bit of the description may change a class name or a figure; of the weights, nothing passes."""
    draw = np.random.default_rng(seed)
    path = model / ("model.json" if seed % 2 else WEIGHTS)
    content = bytearray(path.read_bytes())
    place = int(draw.integers(len(content) * 8))
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)
    try:
        found = load(model)
    except GanvasError as error:
        assert str(error)
    else:
        assert path.name == "model.json"
        assert np.array_equal(found.generate(3), load(exported).generate(3))


def test_class_names_are_never_paths(finished_run, tmp_path):
    """Names of classes are data: files are named by seed and index."""
    model = load(finished_run)
    model.classes = ("../../escaped",)
    generate(model, tmp_path / "out", num=3, progress=Silent())
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
