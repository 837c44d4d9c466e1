"""From an exception in a job to what a person reads. Imports no torch."""

import traceback

from core.audit.memory import is_out_of_memory
from core.engine.events import JobFailed
from core.engine.jobs.base import Job
from core.errors import SegLeakError, TrustNeededError

OUT_OF_MEMORY = "Memory ran out."


def failure(number: int, job: Job, error: BaseException) -> JobFailed:
    """The event for a job that raised."""
    details = "".join(traceback.format_exception(error))
    if is_out_of_memory(error):
        gentler = job.gentler()
        words = gentler.words if gentler else "Use a smaller image, or set 'tile' in the pre-processing."
        return JobFailed(number, OUT_OF_MEMORY, words, details, gentler.job if gentler else None)
    if isinstance(error, SegLeakError):
        trust = error.sha256 if isinstance(error, TrustNeededError) else ""
        return JobFailed(number, error.message, error.remedy, details, trust=trust)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        what = f"{where}{error.strerror or error}."
        return JobFailed(number, what, "Check that it is there, may be used, and that the disk has room.", details)
    what = f"Something unexpected went wrong ({type(error).__name__}: {error})."
    return JobFailed(number, what, "Report it, with the details.", details)


def broken_graphics(error: BaseException) -> bool:
    """Whether the graphics card gives this process nothing but errors from now on."""
    return isinstance(error, RuntimeError) and "CUDA error" in str(error) and not is_out_of_memory(error)
