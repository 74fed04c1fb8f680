"""Completion scripts of the shells: written whole, so that completing starts no program."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from ganvas import __version__

if TYPE_CHECKING:
    from ganvas.cli.completion import Completed

Verbs = Mapping[str, "Completed"]

_BASH = """\
# Completion of ganvas {version} for bash, made by `ganvas completion bash`.
_ganvas() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} verb=${{COMP_WORDS[1]}} words= names=
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "{verbs} --help --version" -- "$word"))
        return
    fi
    case "$verb $previous" in
{values}
    esac
    case $verb in
{options}
    esac
    case "$verb ${{COMP_WORDS[2]}}" in
{special}
    esac
    [[ $word == -* ]] || words=$names
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _ganvas ganvas
"""
_ZSH = """\
#compdef ganvas
# Completion of ganvas {version} for zsh, made by `ganvas completion zsh`.
_ganvas() {{
    local verb=$words[2] previous=$words[CURRENT-1]
    local -a found names
    if (( CURRENT == 2 )); then
        found=({verbs})
        _describe verb found
        return
    fi
    case "$verb $previous" in
{values}
    esac
    case $verb in
{options}
    esac
    case "$verb $words[3]" in
{special}
    esac
    if [[ $PREFIX == -* ]]; then
        compadd -- $found
    else
        compadd -- $names
        _files
    fi
}}
if [[ $funcstack[1] == _ganvas ]]; then
    _ganvas "$@"
else
    compdef _ganvas ganvas
fi
"""


def bash(verbs: Verbs) -> str:
    """Return the script for bash 4 and newer."""
    values = _cases(
        verbs, "COMPREPLY=($(compgen -W '{}' -- \"$word\")); return", "return", "compopt +o default; return"
    )
    return _BASH.format(
        version=__version__,
        verbs=" ".join(verbs),
        values="\n".join(values),
        options=_options(verbs, "words='{}' names='{}'"),
        special=_special(verbs, "words+=' {}'"),
    )


def zsh(verbs: Verbs) -> str:
    """Return the script for zsh."""
    return _ZSH.format(
        version=__version__,
        verbs=" ".join(_quoted(f"{verb}:{said.summary}") for verb, said in verbs.items()),
        values="\n".join(_cases(verbs, "compadd -- {}; return", "_files; return", "_message value; return")),
        options=_options(verbs, "found=({}) names=({})"),
        special=_special(verbs, "found+=({})"),
    )


def fish(verbs: Verbs) -> str:
    """Return the script for fish."""
    lines = [
        f"# Completion of ganvas {__version__} for fish, made by `ganvas completion fish`.",
        "complete -c ganvas -e",
    ]
    for verb, said in verbs.items():
        summary = said.summary.replace("'", "\\'")
        lines.append(f"complete -c ganvas -f -n __fish_use_subcommand -a {verb} -d '{summary}'")
        after = f"complete -c ganvas -n '__fish_seen_subcommand_from {verb}"
        if said.words:
            lines.append(f"{after}' -a '{' '.join(said.words)}'")
        of_recipes = {
            name: [recipe for recipe in said.special if name in said.special[recipe]] for name in said.options
        }
        for name, (value, choices) in said.options.items():
            which = f"; and __fish_seen_subcommand_from {' '.join(of_recipes[name])}" if of_recipes[name] else ""
            takes = f" -x -a '{choices}'" if choices else " -r" if value.startswith("PATH") else " -x" if value else ""
            lines.append(f"{after}{which}' -l {name.removeprefix('--')}{takes}")
    return "\n".join(lines)


SHELLS: dict[str, Callable[[Verbs], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
"""The script of each shell, by its name."""


def _shared(said: "Completed") -> list[str]:
    """Return the options that do not depend on what stands behind the verb."""
    special = {name for own in said.special.values() for name in own}
    return [name for name in said.options if name not in special]


def _options(verbs: Verbs, form: str) -> str:
    """Return a branch for each verb: its options, then the names it takes, in the form of a shell."""
    return "\n".join(
        f"        {verb}) {form.format(' '.join(_shared(said)), ' '.join(said.words))} ;;"
        for verb, said in verbs.items()
    )


def _special(verbs: Verbs, form: str) -> str:
    """Return a branch for each name that has options of its own, in the form of a shell."""
    return "\n".join(
        f"        '{verb} {name}') {form.format(' '.join(own))} ;;"
        for verb, said in verbs.items()
        for name, own in said.special.items()
    )


def _cases(verbs: Verbs, of_choices: str, of_paths: str, of_others: str) -> Iterator[str]:
    """Yield what completes the value of each option that takes one."""
    for verb, said in verbs.items():
        done: dict[str, list[str]] = {}
        for name, (value, choices) in said.options.items():
            if value:
                doing = of_choices.format(choices) if choices else of_paths if value.startswith("PATH") else of_others
                done.setdefault(doing, []).append(f"'{verb} {name}'")
        yield from (f"        {'|'.join(names)}) {doing} ;;" for doing, names in done.items())


def _quoted(text: str) -> str:
    """Return a text within single quotes, those in it as POSIX shells write them."""
    return "'" + text.replace("'", "'\\''") + "'"
