"""What was probably meant: options, formats, classes; and what was said at the beginning is said again at the end."""

import pytest
from PIL import Image

from ganvas.cli.main import main
from ganvas.errors import UsageError, did_you_mean
from ganvas.images import ImageShape
from ganvas.models.family import family_config
from ganvas.workflows.model import Model


def told(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


def test_an_option_that_there_is_not_leads_to_the_likeliest(capsys):
    code, _, said = told(capsys, "prepare", "photos", "--out", "data", "--sise", "32")
    assert code == 2
    assert said.endswith("ganvas: There is no option `--sise`. Did you mean `--size`?\n")


@pytest.mark.parametrize("words", [["--to", "html"], ["--to=html"]])
def test_formats_known_by_another_name_lead_to_ours(capsys, words):
    code, _, said = told(capsys, "export", "runs/photos", "--out", "page.html", *words)
    assert code == 1
    assert said == "ganvas: There is no export format `html`. Did you mean `web`?\n"


def test_a_class_in_other_letters_is_found():
    model = Model.untrained(family_config("compact"), ImageShape(1, 16, 16), ("Frogs", "Ships"))
    with pytest.raises(UsageError, match=r"no class `FROG`\. Did you mean `Frogs`\? This model draws"):
        model.class_numbers("FROG", 1)


def test_nothing_is_meant_by_what_comes_close_to_nothing():
    assert did_you_mean("zebra", ["Frogs", "Ships"]) == ""


def test_a_stray_picture_is_said_of_once_more_before_the_next_step(tmp_path, capsys):
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            Image.effect_noise((8, 8), 50 + number).save(tmp_path / "photos" / name / f"{number}.png")
    Image.effect_noise((8, 8), 99).save(tmp_path / "photos" / "stray.png")
    main_words = ("prepare", str(tmp_path / "photos"), "--out", str(tmp_path / "data"), "--size", "8")
    code, said, _ = told(capsys, *main_words)
    assert code == 0
    note, following = said.splitlines()[-2:]
    assert note.startswith("Note: Folder ")
    assert "1 image beside its sub-folders, which are its classes: it was left out." in note
    assert following.startswith("Next: ")
    assert "  refused stray.png: It lies beside the sub-folders that are the classes." in said.splitlines()
    assert "2 classes" in said
