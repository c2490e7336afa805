"""Where the recorded runs and the text lie, in an installed package or in the repository; how a run is recorded."""

import datetime
import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["folder", "stamp", "write"]


def folder() -> Path:
    """The folder of recorded runs and of the text: the wheel carries ``book/_data`` as ``lossbook/_data``.

    Example:
        >>> (folder() / "experiments" / "where_to_bend.json").exists()
        True
    """
    package = Path(__file__).parent
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent / "book" / "_data"


def stamp(*libraries: str) -> dict[str, Any]:
    """Today's date, and the versions of Python, torch, this package and ``libraries``.

    Example:
        >>> sorted(stamp("numpy")["versions"])
        ['lossbook', 'numpy', 'python', 'torch']
    """
    versions = {name: metadata.version(name) for name in ("torch", *libraries, "lossbook")}
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    return {"date": today, "versions": {"python": platform.python_version(), **versions}}


def write(path: Path, record: dict[str, Any], digits: int = 6) -> None:
    """Write ``record`` as one line of json: keys sorted, numbers to so many significant digits."""
    rounded = json.loads(json.dumps(record), parse_float=lambda text: float(f"{float(text):.{digits}g}"))
    path.write_text(json.dumps(rounded, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")
