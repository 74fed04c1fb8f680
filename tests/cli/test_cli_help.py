"""What `--help` prints: a sentence, the usage, every option there is, examples, exit codes, where to read on."""

import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout

import pytest
import tyro
from documents import ROOT

from ganvas.cli.arguments import LIST
from ganvas.cli.examples import EXAMPLES
from ganvas.cli.main import VERBS, main
from ganvas.recipes import RECIPES

FORMS = {"doctor --data": "doctor --data", "doctor --again": "doctor --again", "data trace": "data trace"}
TRAINS = ["train compact", "train acgan_mnist", "train stylegan2"]
PAGES = [*VERBS, *FORMS, *TRAINS]


def printed(line: str) -> str:
    """Return what a command line prints before it ends well."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(line.split())
    assert (ended.value.code, err.getvalue()) == (0, ""), line
    return out.getvalue()


@pytest.fixture(params=[80, 120])
def columns(request, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(request.param))
    return request.param


@pytest.mark.parametrize("command", PAGES)
def test_a_page_has_all_its_parts_within_the_terminal(command, columns):
    page = printed(f"{command} --help")
    usage, _, rest = page.partition("\n\n")
    assert re.sub(r"\s+", " ", usage).startswith(f"usage: ganvas {command.partition(' --')[0]} ")
    assert re.match(r"[A-Z][^\n]*(\n[^\n]+)*[.:]\n", rest), "a sentence of what the verb does"
    headings = re.findall(r"^(options|examples|exit codes|see also):$", page, re.MULTILINE)
    assert headings == (["options"] if command != "train" else []) + ["examples", "exit codes", "see also"]
    assert page.count("128 + n") == 1
    too_long = [line for line in page.splitlines() if len(line) > columns]
    assert [line for line in too_long if not re.fullmatch(r" +--\S+ \S+( \.\.\.)?", line)] == [], (
        "but for a long option"
    )


@pytest.mark.parametrize("command", [command for command in PAGES if command != "train"])
def test_a_page_holds_what_can_be_typed(command, monkeypatch):
    """The options that tyro itself would read, and no others."""
    ours = [line.split("\t")[0] for line in printed(f"{command} {LIST}").splitlines()]
    given = {}

    def take(what, command, arguments, description=None, registry=None):
        given.update(what=what, registry=registry)
        raise SystemExit

    monkeypatch.setattr(f"{VERBS[command.split()[0]].path.partition(':')[0]}.parse", take)
    with pytest.raises(SystemExit):
        main([*command.split(), LIST])
    said = io.StringIO()
    with redirect_stdout(said), pytest.raises(SystemExit):
        tyro.cli(given["what"], args=["--help"], config=(tyro.conf.FlagCreatePairsOff,), registry=given["registry"])
    theirs = re.findall(r"^[│ ] (--\w[\w.-]*)", said.getvalue(), re.MULTILINE)
    assert sorted(name for name in ours if name.startswith("--")) == sorted(theirs)


@pytest.mark.parametrize("command", EXAMPLES)
def test_examples_can_be_typed_and_pages_to_read_are_there(command):
    shown = EXAMPLES[command]
    assert 1 <= len(shown.examples) <= 4
    for example in shown.examples:
        assert len(example) <= 78, example
        words = shlex.split(example)
        verb = words[words.index("ganvas") + 1]
        own = words[words.index("ganvas") + 2 :]
        form = verb
        if verb == "train":
            form = f"train {own[0]}" if own[0] in RECIPES else ""
        for name in ("--data", "--again"):
            if verb == "doctor" and name in own:
                form = f"doctor {name}"
        if own[:1] == ["trace"]:
            form = "data trace"
        options = {word for word in own if word.startswith("--")}
        if form:
            known = {line.split("\t")[0] for line in printed(f"{form} {LIST}").splitlines()}
            assert options <= known, example
        else:
            assert own[0] == "--resume"
    for page in re.findall(r"docs/[\w-]+\.md", shown.further):
        assert (ROOT / page).is_file()
    for verb in re.findall(r"`ganvas (\w+)", shown.further):
        assert verb in VERBS


def test_every_verb_has_examples():
    assert set(VERBS) <= set(EXAMPLES)
    assert set(EXAMPLES) - set(VERBS) == set(FORMS)
