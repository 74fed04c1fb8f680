"""Licences by their usual words and addresses, and the file that credits the images."""

import pytest

from ganvas.data.rights.attribution import Attribution, attribution_lines, attribution_text, escaped
from ganvas.data.rights.licences import LICENCES, licence_in, spdx, terms_of, url_of


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("CC BY 4.0", "CC-BY-4.0"),
        ("cc-by-sa-3.0", "CC-BY-SA-3.0"),
        ("BY-SA 2.0", "CC-BY-SA-2.0"),
        ("CC BY", "LicenseRef-CC-BY"),
        ("LicenseRef-CC-BY", "LicenseRef-CC-BY"),
        ("Attribution-NonCommercial 4.0 International", "CC-BY-NC-4.0"),
        ("Creative Commons Attribution-ShareAlike 4.0 International License", "CC-BY-SA-4.0"),
        ("https://creativecommons.org/licenses/by-nc-nd/2.5/deed.en", "CC-BY-NC-ND-2.5"),
        ("http://creativecommons.org/licenses/by-sa/3.0/de/legalcode", "CC-BY-SA-3.0-DE"),
        ("creativecommons.org/licenses/by/2.1/jp/", "LicenseRef-CC-BY-2.1-JP"),
        ("https://creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/deed.fr", "CC0-1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
        ("cc0", "CC0-1.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("MIT", "MIT"),
        ("SIL OFL 1.1", "OFL-1.1"),
        ("https://unsplash.com/license", "LicenseRef-Unsplash"),
        ("All rights reserved", None),
        ("", None),
        ("https://ann.example/rights", None),
    ],
)
def test_names(words, name):
    assert spdx(words) == name


def test_longer_texts():
    assert licence_in("© Jane Doe, licensed under CC BY-SA 4.0 (see site)") == "CC-BY-SA-4.0"
    assert licence_in("see http://creativecommons.org/licenses/by/4.0/.") == "CC-BY-4.0"
    assert licence_in("taken by CC Byron, nothing by me") is None


@pytest.mark.parametrize(
    "name", [*LICENCES, "CC-BY-4.0", "CC-BY-NC-ND-1.0", "CC-BY-SA-3.0-DE", "LicenseRef-CC-BY-3.0-FR"]
)
def test_names_and_addresses_lead_back(name):
    assert spdx(name) == name
    assert spdx(url_of(name) or "") == name
    assert terms_of(name) is not None


def test_terms():
    assert terms_of("CC-BY-NC-ND-4.0") == (True, False, False)
    assert terms_of("CC-BY-SA-3.0-DE") == (True, True, True)
    assert terms_of("CC0-1.0") == (False, True, True)
    assert terms_of("words of somebody") is None


def test_attribution_is_grouped_by_licence_then_creator():
    rows = [
        Attribution("b.jpg", "Bob", "CC-BY-4.0", url="https://x.example/b"),
        Attribution("u.jpg"),
        Attribution("a2.jpg", "Ann", "CC-BY-4.0"),
        Attribution("a1.jpg", "Ann", "CC-BY-4.0"),
    ]
    text = attribution_text(rows)
    assert text.count("## [CC\\-BY\\-4\\.0](https://creativecommons.org/licenses/by/4.0/)") == 1
    order = ["### Ann", "a1", "a2", "### Bob", "([source](https://x.example/b))", "## Licence unknown", "u\\.jpg"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "hostile", ["<script>x</script>", "[a](javascript:x)", "a\n# b", "a\u202eb", "`x`", "|a|", "&lt;"]
)
def test_foreign_words_mean_nothing(hostile):
    shown = escaped(hostile)
    assert not set("<>\n\u202e") & set(shown)
    assert all(shown[at - 1] == "\\" for at, character in enumerate(shown) if character in "[]`|")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://x.example/a b", 'https://x.example/"><script>', "data:x"]
)
def test_other_addresses_are_not_linked(url):
    assert "](" not in attribution_text([Attribution("a", url=url, licence_url=url, licence="words")])


def test_lines_come_one_by_one():
    endless = (Attribution(f"{number}", "Ann", "CC0-1.0") for number in iter(int, 1))
    lines = attribution_lines(endless)
    assert [next(lines) for _ in range(7)][-1] == "- 0"
