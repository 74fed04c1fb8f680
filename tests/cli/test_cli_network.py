"""`ganvas network`: what it shows, and what it says of mistakes in a network of one's own."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from ganvas.cli.main import main

EXAMPLES = Path(__file__).parents[2] / "examples" / "networks"
GOOD = """\
[[generator]]
layer = "linear"
units = "4 * height * width"

[[generator]]
layer = "reshape"
shape = [16, "height / 2", "width / 2"]
name = "coarse"

[[generator]]
layer = "transposed_convolution"
channels = "channels"

[[discriminator]]
layer = "flatten"

[[discriminator]]
layer = "linear"
units = 1

[training]
batch_size = 8
"""


def shown(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["network", *map(str, arguments)])
    assert ended.value.code == 0
    return capsys.readouterr().out


def message(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["network", *map(str, arguments)])
    found = capsys.readouterr()
    assert ended.value.code == 1
    assert found.out == ""
    assert found.err.startswith("ganvas: ")
    assert found.err.count("\n") == 1
    assert len(found.err) < 1500
    return found.err


def test_table_of_the_book(capsys):
    text = shown(capsys, EXAMPLES / "acgan_mnist.toml")
    rows = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    assert ["2 linear", "(3456,)", "349,056", "345,600"] in rows, "100 * 3456 + 3456; 100 * 3456"
    assert ["5 transposed_convolution", "(192, 7, 7)", "1,843,392", "16,588,800"] in rows, "384 * 192 * 25 (* 3 * 3)"
    assert ["14 class_heads", "a score and class logits", "137,995", "137,984"] in rows
    assert [row[1] for row in rows if row[0] == "total"] == ["2,657,897", "525,835"]
    widths = {len(line) for line in text.split("Discriminator")[0].splitlines()[3:] if line}
    assert len(widths) == 1, "columns are aligned"


def test_recipe_by_name_and_images_of_a_dataset(capsys, digits_at):
    text = shown(capsys, "acgan", "--data", digits_at(8))
    assert "acgan: 8x8 greyscale, 10 classes" in text
    assert "realness Linear" in text
    assert shown(capsys, "mlp_gan", "--size", 28, "--classes", 0).count("1,513,616") == 1


def test_diagram_has_a_box_for_every_line_and_arrows_for_sources(capsys, tmp_path):
    picture = tmp_path / "picture.svg"
    shown(capsys, EXAMPLES / "attentive_gan.toml", "--size", 16, "--channels", 3, "--diagram", picture)
    root = ElementTree.parse(picture).getroot()
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"7 skip_layer_excitation", "+ coarse", "(3, 16, 16)", "9 projection", "+ labels"} <= set(texts)
    curves = [path for path in root.iter("{http://www.w3.org/2000/svg}path") if " C " in path.get("d", "")]
    assert len(curves) == 2


def test_yaml_says_the_same_as_toml(capsys, tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "a.yaml").write_text(
        "network:\n  latent_size: 100\n"
        "generator:\n"
        "  - {layer: linear, units: 4 * height * width}\n"
        "  - layer: reshape\n    shape: [16, height / 2, width / 2]\n"
        "  - {layer: transposed_convolution, channels: channels}\n"
        "discriminator:\n  - layer: flatten\n  - layer: linear\n    units: 1\n"
    )
    (tmp_path / "a.toml").write_text(GOOD)
    first, second = (shown(capsys, tmp_path / name).splitlines()[1:] for name in ("a.yaml", "a.toml"))
    assert [line.replace(' "coarse"', "").split() for line in second] == [line.split() for line in first]
    (tmp_path / "bad.yaml").write_text((tmp_path / "a.yaml").read_text().replace("height / 2", "height / 3"))
    assert re.search(r"bad\.yaml`, line 5: generator line 2 \(`reshape`\)", message(capsys, tmp_path / "bad.yaml"))


# ruff: noqa: E501  (a mistake and its message, side by side)
MISTAKES = {
    # what is replaced by what: words of the message
    ('layer = "linear"', 'layer = "linaer"'): r"line 1: generator line 1 \(`linaer`\): there is no layer `linaer`\. Did "
    r"you mean `linear`\?",
    ("units = 1\n", "unit = 1\n"): r"line 17: discriminator line 2 .*no setting `unit`\. Did you mean `units`\?",
    ("units = 1\n", "units = 0\n"): r"line 17: discriminator line 2 .*`units` is 0: .*greater than or equal to 1",
    ("units = 1\n", ""): r"line 17: discriminator line 2 .*`units` is .*required.*Write, for instance, units = 64",
    ("units = 1\n", 'units = "one"\n'): r"line 17: .*`units`: \"one\" is no size\. Write a whole number, one of the",
    ("units = 1\n", "units = 5\n"): r"line 17: .*ends with \(5,\), and a score is one number\. Add `layer = \"linear\"`"
    r" with `units = 1`, or a head",
    ('"height / 2"', '"height / 3"'): r"line 5: generator line 2 .*28 / 3 = 9\.33 here, not a whole.*27 or 30",
    ('"height / 2"', '"heigth / 2"'): r"line 5: generator line 2 .*\"heigth / 2\" is no size",
    ("shape = [16", "shape = [15"): r"line 5: .*values of shape \(3136,\) arrive here, and it takes 2,940 values for "
    r"\[15, 14, 14\]\. These are 3,136",
    ('layer = "flatten"', 'layer = "relu"'): r"line 17: discriminator line 2 \(`linear`\): values of shape \(1, 28, 28\) "
    r"arrive here, and it takes a vector.*Put `layer = \"flatten\"` before it",
    ('channels = "channels"', "channels = 8"): r"line 10: generator line 3 .*ends with \(8, 28, 28\), and the images are "
    r"\(1, 28, 28\)\. Add `layer = \"convolution\"` with `channels = \"channels\"`",
    ('channels = "channels"', 'channels = "channels"\nstride = 4'): r"ends with \(1, 56, 56\).*Add `layer = \"crop\"`",
    ('channels = "channels"', 'channels = "channels"\nstride = 1'): r"ends with \(1, 14, 14\).*`stride = 2`, "
    r"`kernel_size = 4`",
    ('channels = "channels"', 'channels = "channels"\nsource = "coarse"'): r"line 10: .*takes no `source`.*"
    r"skip_connection",
    ('layer = "flatten"', 'layer = "skip_connection"\nsource = "coarse"'): r"line 14: discriminator line 1 .*no earlier "
    r"line has the name `coarse`.*There are: input",
    ('layer = "flatten"', 'layer = "flatten"\nname = "input"'): r"line 14: .*name `input` is taken",
    ('units = 1\n', 'units = 1\n[[discriminator]]\nlayer = "projection"\n'): r"line 20: discriminator line 3 .*no line of "
    r"the generator is told the class\. Begin the generator with `layer = \"label_embedding\"`",
    ('units = 1\n', 'units = 9\n[[discriminator]]\nlayer = "class_heads"\n[[discriminator]]\nlayer = "tanh"\n'): r"line 22"
    r": discriminator line 4 \(`tanh`\): line 3 is a head, which ends the player",
    ('layer = "flatten"', "layer = flatten"): r"cannot be read: .*line 15.*TOML writes text in quotes",
    ('layer = "flatten"\n', ""): r"line 14: discriminator line 1: it names no `layer`",
    ("batch_size = 8", "batchsize = 8"): r"no setting `training\.batchsize`\. Did you mean `training\.batch_size`\?",
    ("batch_size = 8", "batch_size = 1"): r"`batch_size` is 1: .*greater than or equal to 2",
    ("[training]", "[trainign]"): r"no section `trainign`\. Did you mean `training`\?",
    ("[[generator]]", "[[generate]]"): r"no section `generate`\. Did you mean `generator`\?",
    ("[[discriminator]]", "[[network.discriminators]]"): r"no lines of the discriminator\. Write `\[\[discriminator\]\]`",
    ("[training]", "[network]\nlatent_size = 0\n[training]"): r"`latent_size` is 0: .*greater than or equal to 1",
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_mistake_is_named_with_its_line_and_a_fix(capsys, tmp_path, old, new):
    assert old in GOOD
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new))
    found = message(capsys, path)
    assert re.search(MISTAKES[old, new], found), found
    assert "mine.toml`" in found


def test_mistakes_of_the_command_itself(capsys, tmp_path, digits_at):
    assert "There is no recipe file" in message(capsys, tmp_path / "none.toml")
    assert "Did you mean `acgan`?" in message(capsys, "acgn")
    assert "--data says size" in message(capsys, "acgan", "--data", digits_at(8), "--size", 8)
    assert "--classes 0 or at least 2" in message(capsys, "acgan", "--classes", 1)
    assert "cannot do" in message(capsys, "acgan_mnist", "--size", 32)
    assert "this network has no classes" in message(capsys, EXAMPLES / "acgan_mnist.toml", "--classes", 0)
    (tmp_path / "big.toml").write_text("#" * (1 << 21))
    assert "at most 1,048,576" in message(capsys, tmp_path / "big.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in message(capsys, tmp_path / "bytes.toml")
