"""The script of bash, completed by bash itself; those of zsh and fish as far as they can be read without them."""

import shutil
import subprocess

import pytest

from ganvas.cli.main import VERBS, main
from ganvas.recipes import RECIPES

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """Files of the three scripts, by shell."""
    folder = tmp_path_factory.mktemp("scripts")
    with pytest.MonkeyPatch.context() as patch:
        for shell in ("bash", "zsh", "fish"):
            with (folder / shell).open("w") as file:
                patch.setattr("sys.stdout", file)
                with pytest.raises(SystemExit) as ended:
                    main(["completion", shell])
                assert ended.value.code == 0
    return {path.name: path for path in folder.iterdir()}


def completed(scripts, *words, cwd=None):
    """Return what bash offers for the last of the words."""
    program = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; '
        '$(complete -p ganvas | sed "s/.*-F //; s/ .*//") 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    command = ["bash", "--norc", "-c", program, "bash", str(scripts["bash"]), *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd)
    assert done.stderr == ""
    return done.stdout.split()


@needs_bash
def test_verbs(scripts):
    assert set(VERBS) <= set(completed(scripts, "ganvas", ""))
    assert completed(scripts, "ganvas", "tr") == ["train"]
    assert completed(scripts, "ganvas", "ex") == ["explore", "export"]


@needs_bash
def test_names_that_verbs_take(scripts):
    assert set(completed(scripts, "ganvas", "train", "")) == set(RECIPES)
    assert completed(scripts, "ganvas", "train", "sty") == [name for name in RECIPES if name.startswith("sty")]
    assert "digits" in completed(scripts, "ganvas", "prepare", "di")
    assert completed(scripts, "ganvas", "layers", "convolutio") == ["convolution", "convolutional"]
    assert completed(scripts, "ganvas", "generate", "ru") == [], "files are completed by bash"


@needs_bash
def test_options_of_a_verb_and_of_a_recipe(scripts):
    assert completed(scripts, "ganvas", "export", "--") == ["--out", "--to", "--licence", "--title", "--push", "--help"]
    assert completed(scripts, "ganvas", "train", "compact", "--training.batch") == ["--training.batch-size"]
    assert "--model.generator-width" in completed(scripts, "ganvas", "train", "compact", "--model.")
    assert "--model.cell" in completed(scripts, "ganvas", "train", "sequence_gan", "--model.")
    assert "--model.cell" not in completed(scripts, "ganvas", "train", "compact", "--model.")
    assert completed(scripts, "ganvas", "train", "--res") == ["--resume"]
    assert {"--again", "--recipes", "--report"} <= set(completed(scripts, "ganvas", "doctor", "--"))


@needs_bash
def test_values(scripts):
    assert completed(scripts, "ganvas", "export", "runs/a", "--to", "o") == ["onnx"]
    assert completed(scripts, "ganvas", "prepare", "photos", "--fit", "") == ["crop", "stretch", "pad"]
    assert completed(scripts, "ganvas", "train", "compact", "--training.batch-size", "") == []
    assert completed(scripts, "ganvas", "train", "compact", "--data", "--o") == []


@needs_bash
def test_bash_completes_a_word_at_a_terminal(scripts, tmp_path):
    """The whole way: an interactive bash is sent a word and two tabs."""
    pytest.importorskip("pty")
    import os
    import pty
    import select
    import time

    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover
        os.environ.update({"PS1": "$ ", "TERM": "dumb"})
        os.chdir(tmp_path)
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
    try:
        os.write(terminal, f"source {scripts['bash']}; echo rea''dy\n".encode())
        shown, asked = b"", False
        ends = time.monotonic() + 30
        while time.monotonic() < ends and b"--plan" not in shown.rpartition(b"ready")[2]:
            if select.select([terminal], [], [], 0.1)[0]:
                shown += os.read(terminal, 65536)
            if b"ready" in shown and not asked:
                os.write(terminal, b"ganvas train compact --pl\t")
                asked = True
        assert b"ganvas train compact --plan " in shown
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def test_the_other_scripts_hold_the_same_words(scripts):
    """Neither zsh nor fish runs in these tests: what they are given is looked at, not tried."""
    for shell in ("zsh", "fish"):
        text = scripts[shell].read_text()
        assert [verb for verb in VERBS if verb not in text] == []
        assert "sequence_gan" in text
        assert "image-folder parquet" in text
