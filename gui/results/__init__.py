"""What a defense does to the whole audit, whether the audit has it or it is only tried."""

from gui.results.result import Result
from gui.results.results import Results

__all__ = ["Result", "Results"]
