"""Golden files: what the project says, word for word, kept beside the test that asks for it.

``GOLDEN=write`` in the environment writes them anew; whoever does that reads the difference.
"""

import os
from pathlib import Path


def assert_golden(path: Path, text: str) -> None:
    """Compare a text with the file, or write it."""
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, f"{path.name} says otherwise"
