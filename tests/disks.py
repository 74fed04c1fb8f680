"""A disk that ends where a test wants, and what must not be left on any."""

import os
import subprocess

import pytest


def leftovers(folder):
    """Return the temporary files and folders below a folder."""
    return sorted(str(path) for path in folder.rglob("*") if path.suffix in {".unfinished", ".replaced"})


class Disk:
    """A file system of its own, in memory, that ends where the test wants."""

    def __init__(self, folder):
        self.folder = folder
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", folder], capture_output=True)
        if mounted.returncode:
            pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")

    def leave(self, num_bytes):
        """Let just `num_bytes` be free."""
        found = os.statvfs(self.folder)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        self.remount(f"size={used + num_bytes}")

    def grow(self):
        """End the shortage."""
        self.remount("size=1g")

    def remount(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", self.folder], check=True)

    def close(self):
        subprocess.run(["umount", "-l", self.folder], check=True)
