"""`./run` on machines that lack something: one plain line, exit code 1, no half-made installation that counts."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = ["run", "scripts/check", ".ci/run"]
NEEDED = [
    "awk",
    "cat",
    "chmod",
    "cp",
    "df",
    "dirname",
    "grep",
    "mkdir",
    "rm",
    "sha256sum",
    "shasum",
    "sleep",
    "tail",
    "uname",
]
NO_PIP = 'case "$*" in *"-m pip"*) exit 0;; esac\n'
"""A Python whose pip installs nothing: these tests are about the script, and need no network."""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="`./run` is a POSIX shell script")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of what `./run` reads, in a path with a space, and a `bin` folder that is all of PATH."""
    place = tmp_path / "a place"
    (place / "bin").mkdir(parents=True)
    for name in ("run", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, place / name)
    for name in NEEDED:
        if found := shutil.which(name):
            (place / "bin" / name).symlink_to(found)
    return place


def add_program(place: Path, name: str, script: str) -> None:
    path = place / "bin" / name
    path.write_text(f"#!/bin/sh\n{textwrap.dedent(script)}")
    path.chmod(0o755)


def add_python(place: Path, before: str = "") -> None:
    """Put a `python3` on the PATH that runs `before` and then the real one; so do virtual environments made by it."""
    then = f"""
        case "$*" in
            "-m venv "*)
                mkdir -p "$3/bin" && cp "$0" "$3/bin/python"
                printf '#!/bin/sh\\necho "ganvas $*"\\n' >"$3/bin/ganvas" && chmod +x "$3/bin/ganvas" ;;
            *) exec "{sys.executable}" "$@" ;;
        esac
    """
    add_program(place, "python3", before + textwrap.dedent(then))


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(place / "bin"), "PIP_FIND_LINKS": "nowhere"}
    command = ["/bin/sh", str(place / "run"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_executable_and_plain_shell(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    assert (ROOT / script).read_text().startswith("#!/bin/sh\n")
    subprocess.run(["/bin/sh", "-n", str(ROOT / script)], check=True)


def test_without_arguments_it_says_what_there_is(place: Path) -> None:
    done = run(place)
    assert done.returncode == 0
    assert "./run demo" in done.stdout
    assert "./run test" in done.stdout
    assert not (place / ".venv").exists()


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (None, "Python 3.11 or newer is needed"),
        ("exit 1\n", "Python 3.11 or newer is needed"),
        ('case "$2" in *ensurepip*) exit 1;; esac\n', "apt-get install python3-venv"),
        ('case "$2" in venv) echo "Error: broken" >&2; exit 1;; esac\n', "Installing failed (Error: broken)"),
        (
            'case "$*" in *"pip install"*) echo "OSError: [Errno 28] No space left on device" >&2; exit 1;; esac\n',
            "The disk is full",
        ),
        (
            'case "$*" in *"pip install"*) echo "ERROR: (from versions: none)" >&2; exit 1;; esac\n',
            "Packages cannot be reached",
        ),
    ],
    ids=["no python", "old python", "no ensurepip", "venv fails", "disk full", "no network"],
)
def test_what_is_missing_is_said_in_one_line(place: Path, before: str | None, said: str) -> None:
    if before is not None:
        add_python(place, before)
    done = run(place, "demo")
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert done.stdout == ""
    assert lines[-1].startswith("ganvas: ")
    assert said in lines[-1]
    assert [line for line in lines[:-1] if not line.startswith("Installing into .venv")] == []
    assert not (place / ".venv" / "installed").exists()


def test_too_little_space_is_said_before_anything_is_made(place: Path) -> None:
    add_python(place)
    (place / "bin" / "df").unlink()
    add_program(place, "df", "printf 'Filesystem 1024-blocks Used Available\\ndisk 9999999 9999999 1048576\\n'")
    done = run(place, "demo")
    assert done.returncode == 1
    assert done.stderr.startswith("ganvas: Too little space: installing needs 2 GB")
    assert not (place / ".venv").exists()


def test_a_second_call_installs_nothing(place: Path) -> None:
    add_python(place, NO_PIP)
    first, second = run(place, "recipes", "two words"), run(place, "recipes")
    assert first.returncode == second.returncode == 0, first.stderr
    assert first.stdout == "ganvas recipes two words\n"
    assert first.stderr.startswith("Installing into .venv")
    assert second.stderr == ""


def test_an_installation_holds_what_the_readmes_commands_need(place: Path) -> None:
    add_python(place, 'case "$*" in *"-m pip"*) echo "$*" >>"${0%/*}/asked"; exit 0;; esac\n')
    assert run(place, "studio").returncode == 0
    assert (place / ".venv" / "bin" / "asked").read_text().splitlines()[-1].endswith(f"-e {place}[onnx,studio]")


def test_an_installation_from_before_the_studio_came_with_it_is_brought_up_to_date(place: Path) -> None:
    add_python(place, NO_PIP)
    run(place, "install")
    stamp = place / ".venv" / "installed"
    stamp.write_text(stamp.read_text().replace(" for use", " for demo"))
    assert run(place, "studio").stderr.startswith("Bringing .venv up to date")


def test_help_shows_the_verbs_where_ganvas_is_installed(place: Path) -> None:
    add_python(place, NO_PIP)
    before = run(place, "--help")
    assert "./run install" in before.stdout.splitlines()[-1]
    run(place, "install")
    for words in ([], ["--help"], ["-h"]):
        shown = run(place, *words)
        assert shown.returncode == 0
        assert shown.stdout.splitlines()[-1] == "ganvas --help"
        assert "./run demo" in shown.stdout


def test_ganvas_is_told_how_it_was_called(place: Path) -> None:
    add_python(place, NO_PIP)
    run(place, "install")
    program = place / ".venv" / "bin" / "ganvas"
    program.write_text('#!/bin/sh\necho "$GANVAS_COMMAND"\n')
    assert run(place, "recipes").stdout == f"{place / 'run'}\n"


def test_a_change_of_the_packages_brings_the_environment_up_to_date(place: Path) -> None:
    add_python(place, NO_PIP)
    run(place, "install")
    (place / ".venv" / "kept").touch()
    with (place / "constraints.txt").open("a") as file:
        file.write("# another cap\n")
    assert run(place, "install").stderr.startswith("Bringing .venv up to date")
    assert (place / ".venv" / "kept").exists()
    assert run(place, "install").stderr == ""


def test_a_half_made_environment_is_made_anew(place: Path) -> None:
    add_python(place, NO_PIP)
    run(place, "install")
    (place / ".venv" / "half").touch()
    (place / ".venv" / "installed").unlink()
    assert run(place, "install").stderr.startswith("Installing into .venv")
    assert not (place / ".venv" / "half").exists()


def test_a_moved_environment_is_made_anew(place: Path) -> None:
    add_python(place, NO_PIP)
    run(place, "install")
    moved = place.rename(place.with_name("another place"))
    assert run(moved, "install").stderr.startswith("Installing into .venv")


def test_a_second_call_while_installing_is_told(place: Path) -> None:
    add_python(place, NO_PIP)
    run(place, "install")
    (place / ".venv" / "installed").unlink()
    (place / ".venv" / "installing").write_text(f"{os.getpid()}\n")
    told = run(place, "install")
    assert told.returncode == 1
    assert told.stderr == (
        f"ganvas: Another ./run (process {os.getpid()}) is installing into .venv. Wait for it and try again.\n"
    )
    (place / ".venv" / "installing").write_text("4194305\n")  # more than any process number of Linux
    assert run(place, "install").returncode == 0


def heed_ctrl_c() -> None:
    """Heed it even where the tests were begun in the background, which has a shell ignore it for good."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_ends_the_installation_and_what_it_started(place: Path) -> None:
    add_python(place, 'case "$*" in *"-m pip"*) echo $$ >"${0%/*}/pip"; exec sleep 50;; esac\n')
    command = ["/bin/sh", str(place / "run"), "install"]
    environment = {"PATH": str(place / "bin"), "PIP_FIND_LINKS": "nowhere"}
    apart = {"stderr": subprocess.DEVNULL, "start_new_session": True, "preexec_fn": heed_ctrl_c}
    with subprocess.Popen(command, env=environment, **apart) as running:
        pip = place / ".venv" / "bin" / "pip"
        deadline = time.monotonic() + 30
        while not (pip.exists() and pip.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(10) == -signal.SIGINT
    with pytest.raises(ProcessLookupError):
        os.kill(int(pip.read_text()), 0)
    assert not (place / ".venv" / "installed").exists()
