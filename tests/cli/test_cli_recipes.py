"""`ganvas recipes`: every recipe has a sheet that can be read, and every setting is shown."""

import subprocess
import sys

import pytest

from ganvas.cli.main import main
from ganvas.cli.recipes import groups
from ganvas.config import flat
from ganvas.recipes import RECIPES, SHEET_FIELDS
from ganvas.recipes.recipe import find_recipe
from ganvas.sheets import docstring_of, parse_sheet


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["recipes", *arguments])
    assert ended.value.code == code
    shown = capsys.readouterr()
    return shown.err if code else shown.out


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_has_a_sheet(name: str) -> None:
    sheet = parse_sheet(docstring_of(RECIPES[name]), SHEET_FIELDS, name)
    assert sheet.title.startswith("Return ")
    assert tuple(sheet.fields) == SHEET_FIELDS, "in this order"


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_builds_under_its_own_name(name: str) -> None:
    assert find_recipe(name).recipe == name


def test_list_names_every_recipe_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(printed(capsys).split())
    for name, entry in RECIPES.items():
        assert f"{name} {' '.join(entry.summary.split())}" in text


def test_a_recipe_is_shown_with_its_sheet_and_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "acgan")
    flowing = " ".join(text.split())
    unspaced = "".join(text.split())  # names of protocols may be broken after a hyphen
    for field, words in parse_sheet(docstring_of(RECIPES["acgan"]), SHEET_FIELDS).fields.items():
        assert "".join(f"{field}{words}".split()) in unspaced
    assert "\ntraining.objective.discriminator.r1: squared gradient norm / 2 on real images" in text
    assert "weight 0.3 factor of the term" in flowing
    assert "learning_rate 0.001 step size" in flowing
    assert "--training." in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("name", RECIPES)
def test_no_setting_is_left_out(name: str) -> None:
    recipe = find_recipe(name)
    shown = {f"{group}.{row.name}".lstrip("."): row for group, _, rows in groups(recipe) for row in rows}
    assert shown.keys() == flat(recipe).keys()
    assert all(row.description for row in shown.values())


def values_of(name: str, wanted: str) -> dict[str, str]:
    return {row.name: row.value for group, _, rows in groups(find_recipe(name)) if group == wanted for row in rows}


def test_values_are_written_as_a_command_line_takes_them() -> None:
    assert values_of("mlp_gan", "model")["generator_widths"] == "128 256 512 1024"
    settings = values_of("acgan_mnist", "training")
    assert (settings["shuffle"], settings["label_prior"], settings["steps"]) == ("False", "uniform", "60000")


def test_short_is_the_sheet_alone_and_needs_no_torch() -> None:
    code = (
        "import sys\nfrom ganvas.cli.main import main\n"
        "try: main(['recipes', 'acgan', '--short'])\n"
        "except SystemExit as ended: assert not ended.code\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Differs" in done.stdout
    assert "training." not in done.stdout


def test_unknown_recipe_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    told = printed(capsys, "acgann", code=1)
    assert "There is no recipe `acgann`. Did you mean `acgan`?" in told


@pytest.mark.parametrize("columns", ["20", "80", "400"])
def test_lines_fit_the_terminal(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = printed(capsys, "mlp_gan", "--short").splitlines()
    assert max(map(len, lines)) <= {"20": 60, "80": 80, "400": 120}[columns]
