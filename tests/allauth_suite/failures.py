"""A pytest plugin that writes down which tests have failed, one a line."""

import os
from pathlib import Path
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write the node ids of failures and errors to the file that ``FAILURES`` names."""
    stats = terminalreporter.stats
    failed = {report.nodeid for kind in ("failed", "error") for report in stats.get(kind, [])}
    Path(os.environ["FAILURES"]).write_text("".join(f"{test}\n" for test in sorted(failed)))
