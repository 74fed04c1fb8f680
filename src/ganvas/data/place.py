"""Where a dataset folder may be written: nothing of anybody else's is ever removed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ganvas.data.attribution import ATTRIBUTION
from ganvas.data.card import CARD, FORMAT, pixel_file
from ganvas.data.ledger import LEDGER
from ganvas.data.scaling import SCALING_FILES
from ganvas.data.splitting import SPLITS
from ganvas.data.writing import PARTS
from ganvas.errors import DamagedError, StorageError, UsageError
from ganvas.storage import MANIFEST, UNFINISHED, new_folder, on_disk, read_json

REPORT = "report.html"
_OURS = {CARD, LEDGER, MANIFEST, REPORT, ATTRIBUTION, *SCALING_FILES, *PARTS, *(pixel_file(split) for split in SPLITS)}
_DERIVED = {"classifier", "classifier" + UNFINISHED}  # what other workflows keep beside the data


@contextmanager
def new_dataset(out: Path, overwrite: bool) -> Iterator[Path]:
    """Yield a working folder that becomes the sealed dataset folder `out`.

    An interruption leaves it for the next to go on with; an error removes it. Raises `UsageError` unless `out` is
    free, empty, or a dataset folder that may be overwritten, and where another process is writing it.
    """
    on_disk(lambda: out.parent.mkdir(parents=True, exist_ok=True), out)
    with _hold(out):
        on_disk(lambda: expect_free(out, overwrite), out)
        with new_folder(out, resumable=True) as folder:
            yield folder


@contextmanager
def _hold(out: Path) -> Iterator[None]:
    """Lock the place of a dataset folder against a second writer."""
    path = out.with_name(out.name + ".lock")
    lock = FileLock(path, timeout=0)
    on_disk(lambda: _acquire(lock, out), path)
    try:
        yield
    finally:
        with suppress(PermissionError):  # Windows removes no open file
            path.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, out: Path) -> None:
    try:
        lock.acquire()
    except Timeout:
        if not Path(lock.lock_file).exists():  # a place where nothing can be made looks the same to the lock
            raise StorageError(f"Could not write `{out}`: nothing can be made there. Choose another place.") from None
        raise UsageError(f"Another process is writing `{out}`. Wait for it, or choose another place.") from None


def expect_free(out: Path, overwrite: bool) -> None:
    """Raise `UsageError` where writing the dataset folder `out` would remove something else."""
    for aside in (out.with_name(out.name + UNFINISHED), out.with_name(out.name + ".replaced")):
        if aside.is_dir() and (other := _not_ours(aside)):
            raise UsageError(f"`{aside}` is in the way: it holds `{other}`, which Ganvas did not write. Move it.")
    if out.exists() and not out.is_dir():
        raise UsageError(f"`{out}` is a file. Choose another place for the dataset folder.")
    if not out.exists() or not any(out.iterdir()):
        return
    if not _is_dataset(out):
        raise UsageError(f"`{out}` holds files and is not a dataset folder. Choose another place, or an empty folder.")
    if other := _not_ours(out):
        raise UsageError(f"Dataset folder `{out}` holds `{other}`, which Ganvas did not write. Move that first.")
    if not overwrite:
        raise UsageError(
            f"`{out}` already holds a dataset. Choose another place, or overwrite it (`overwrite=True`, --overwrite)."
        )


def _is_dataset(folder: Path) -> bool:
    try:
        card = read_json(folder / CARD)
    except (DamagedError, OSError):
        return False
    return isinstance(card, dict) and card.get("format") == FORMAT


def _not_ours(folder: Path) -> str | None:
    ours = _OURS | _DERIVED | {name + UNFINISHED for name in _OURS}
    return next((path.name for path in sorted(folder.iterdir()) if path.name not in ours), None)
