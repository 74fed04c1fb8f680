"""`ganvas layers`: the table, the sheets, the pages, in two languages and as Markdown."""

import re

import pytest

from ganvas.cli.main import main
from ganvas.layers import LAYERS, LAYERS_BY_KIND
from ganvas.layers.texts import PAGES, Texts, module_of
from ganvas.sheets import FIELDS, sheet_of


@pytest.fixture
def shown(capsys, monkeypatch):
    """Run `ganvas layers ...` on a terminal of so many columns; return what it printed, and on standard error."""

    def run(line="", columns=100):
        monkeypatch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit) as ended:
            main(["layers", *line.split()])
        printed = capsys.readouterr()
        assert ended.value.code == 0, printed.err
        return printed.out, printed.err

    return run


def unwrapped(text):
    return re.sub(r"\s+", " ", text)


def test_the_table_has_every_layer_with_its_role_under_its_kind(shown):
    out, err = shown()
    assert err == ""
    rest = unwrapped(out)
    for kind, rows in LAYERS_BY_KIND.items():
        _, found, rest = rest.partition(f"{kind} ")
        assert found, kind
        for name in rows:
            _, found, rest = rest.partition(f"{name} {LAYERS[name].summary} ")
            assert found, name
            assert rest.startswith(unwrapped(sheet_of(LAYERS[name]).fields["Use it when"])), name
    assert all(f" {page} " in rest for page in PAGES)


@pytest.mark.parametrize("columns", [80, 100, 200])
@pytest.mark.parametrize("line", ["", "convolution", "lstm", "spectral_norm", *PAGES])
def test_nothing_is_wider_than_the_terminal_or_a_hundred_columns(shown, line, columns):
    out, _ = shown(line, columns)
    lines = out.splitlines()
    assert max(map(len, lines)) <= min(columns, 100)
    assert max(map(len, lines)) > min(columns, 100) - 15, "the width is used"
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_sheet_has_all_fields_and_settings(shown):
    out, err = shown("transposed_convolution")
    assert err == ""
    lines = out.splitlines()
    assert lines[0] == "transposed_convolution"
    headings = [match[1] for line in lines if (match := re.match(r"(\S.*?)  +\S", line))]
    assert headings == [*FIELDS, "Settings"]
    assert unwrapped(sheet_of(LAYERS["transposed_convolution"]).fields["Beware"]) in unwrapped(out)
    assert "`channels` (required): D, the number of maps" in unwrapped(out)
    assert '`padding = "same"`: rows cut off' in unwrapped(out)
    assert "`layer" not in out


def test_a_layer_without_settings_shows_none(shown):
    assert "Settings" not in shown("relu")[0]


def test_a_page_is_laid_out(shown):
    out, err = shown("convolutional", 80)
    assert err == ""
    assert "```" not in out
    assert "#" not in out
    assert "(512, 4, 4)" in out
    assert "What goes wrong" in out


def test_russian_sheet(shown):
    out, err = shown("linear --lang ru")
    assert err == ""
    headings = [match[1] for line in out.splitlines() if (match := re.match(r"(\S.*?)  +\S", line))]
    assert headings == [Texts("ru").said(words) for words in (*FIELDS, "Settings")]
    assert "взвешенная сумма" in out
    assert "`units` (обязательно)" in out


def test_what_is_not_translated_is_shown_in_english(tmp_path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "recurrent.md").write_text("# Steps\n", encoding="utf-8")
    texts = Texts("ru", tmp_path)
    assert texts.page("recurrent") == "# Steps\n"
    assert texts.parts("relu") == Texts("en").parts("relu")
    assert texts.summary("relu") == sheet_of(LAYERS["relu"]).title
    assert texts.missing == ["recurrent", "relu"]


def test_what_is_not_translated_is_said(shown):
    out, err = shown("--lang ru")
    texts = Texts("ru")
    for name in LAYERS:
        texts.sheet(name)
    names = ", ".join(texts.missing)
    assert err == (f"ganvas: not translated yet, so shown in English: {names}.\n" if names else "")
    assert "Функции активации" in out


def test_layers_of_one_module_share_a_translation():
    assert module_of("gru") == module_of("lstm") == "recurrent"
    assert module_of("relu") == "relu"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_markdown_has_the_table_the_pages_and_every_sheet(shown, language):
    out, _ = shown(f"--markdown --lang {language}")
    texts = Texts(language)
    headings = re.findall(r"^## (.*)$", out, re.MULTILINE)
    titles = [texts.page(page).splitlines()[0].removeprefix("# ") for page in PAGES]
    assert [*LAYERS_BY_KIND, *titles, *LAYERS] == [
        next((kind for kind in LAYERS_BY_KIND if texts.said(kind) == heading), heading) for heading in headings
    ]
    assert len(re.findall(r"^# ", out, re.MULTILINE)) == 1
    rows = re.findall(r"^\| \[`(\w+)`\]\(#\1\) \| .* \| .* \|$", out, re.MULTILINE)
    assert rows == list(LAYERS)


def test_markdown_leaves_signs_alone(shown):
    out, _ = shown("blur_pool --markdown")
    assert out.startswith("# blur_pool\n\nBlur, and doubling")
    assert r"up y = 4 k \* (x with zeros between)" in out
    assert '`resample = "down"`: halve' in out
    assert shown("recurrent --markdown")[0] == Texts().page("recurrent").rstrip() + "\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("convolutoin", r"Did you mean `convolution`\?"),
        ("fully_connected", r"Did you mean `fully-connected`\?"),
        ("zzz", r"There are: .*linear.*recurrent"),
    ],
)
def test_an_unknown_name_gets_the_likeliest(capsys, name, words):
    with pytest.raises(SystemExit) as ended:
        main(["layers", name])
    printed = capsys.readouterr()
    assert ended.value.code == 1
    assert printed.out == ""
    assert re.match(rf"ganvas: There is no layer or page `{name}`\. {words}", printed.err)
    assert printed.err.count("\n") == 1


def test_an_unknown_language_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["layers", "relu", "--lang", "fr"])
    assert ended.value.code == 2
    assert "fr" in capsys.readouterr().err
