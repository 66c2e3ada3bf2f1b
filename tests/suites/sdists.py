"""Tests of other projects, which wheels leave out: unpacked from source distributions."""

import subprocess
import sys
import tarfile
from importlib import util
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "sdists"


def unpack(package: str, version: str, *names: str, work: Path = CACHE) -> Path:
    """Return a folder with these files and folders, or all, of a package's source distribution. It is
    downloaded once for each version."""
    kept = work / f"{package}-{version}"
    if not kept.exists():
        work.mkdir(parents=True, exist_ok=True)
        # Renamed when it is complete: a download that breaks off must not pass for the tests.
        with TemporaryDirectory(dir=work) as scratch:
            _download(package, version, scratch)
            (sdist,) = Path(scratch).glob("*.tar.gz")
            with tarfile.open(sdist) as archive:
                wanted = [
                    it for it in archive if not names or {*Path(it.name).parts[1:2]} & {*names}
                ]
                archive.extractall(scratch, wanted, filter="data")
            (unpacked,) = (folder for folder in Path(scratch).iterdir() if folder.is_dir())
            unpacked.rename(kept)
    return kept


def _download(package: str, version: str, folder: str) -> None:
    """Download by pip, which uvx brings where the environment has none: uv itself only installs."""
    pip = [sys.executable, "-m", "pip"]
    if not util.find_spec("pip"):
        pip = ["uvx", "--python", sys.executable, "pip"]
    options = ["--quiet", "--no-deps", f"--no-binary={package}", f"--dest={folder}"]
    subprocess.run([*pip, "download", *options, f"{package}=={version}"], check=True)
