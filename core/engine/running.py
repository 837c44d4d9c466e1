"""One engine process, seen from the window: started, spoken to, listened to, and its end noticed. Imports no torch."""

import contextlib
import multiprocessing
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path

from core.engine.arrays import Parcel, unpack
from core.engine.commands import Command
from core.engine.death import LastWords, MemoryKills, judge, trace_of_crash
from core.engine.events import EngineDied, EngineStarted, Event
from core.errors import SegLeakError

Entry = Callable[[Connection, Connection, Path, int], None]
"""What the process runs: commands, events, the exchange folder, the number of threads."""


class RunningEngine:
    """A process with a thread that reads its events.

    Two pipes join them: the window's end of the commands closes with the window, however it ends, and the process
    follows; the process' end of the events closes with the process, after all that it has said.

    Parameters
    ----------
    entry
        What the process runs.
    exchange
        The folder for arrays.
    threads
        How many threads it may compute with; 0: one less than there are cores.
    received
        Called with every event, in the reading thread.
    ended
        Called last, in the reading thread.

    Raises
    ------
    SegLeakError
        Where the system starts no process.
    """

    def __init__(
        self,
        entry: Entry,
        exchange: Path,
        threads: int,
        received: Callable[[Event], None],
        ended: Callable[[EngineDied], None],
    ) -> None:
        self._exchange, self._received, self._ended = exchange, received, ended
        self._sending = threading.Lock()
        self._asked = False
        self._last_words = ""
        self._memory_kills = MemoryKills.now()
        context = multiprocessing.get_context("spawn")
        commands, self._commands = context.Pipe(duplex=False)
        self._events, events = context.Pipe(duplex=False)
        self._process = context.Process(
            target=entry, args=(commands, events, exchange, threads), name="segleak-engine", daemon=True
        )
        try:
            self._process.start()
        except OSError as error:
            raise SegLeakError(f"The engine cannot be started ({error}).", "Close other programs.") from error
        finally:
            commands.close()
            events.close()
        self._reader = threading.Thread(target=self._read, name="engine-events", daemon=True)

    def listen(self) -> None:
        """Begin to read events."""
        self._reader.start()

    def send(self, command: Command) -> None:
        """Tell the process something. A dead one hears nothing: its end is noticed by the reading thread."""
        with self._sending, contextlib.suppress(OSError):
            self._commands.send(command)

    def kill(self) -> None:
        """End the process now."""
        self._asked = True
        self._process.kill()

    def leave(self, command: Command, patience: float) -> None:
        """Ask the process to end, and end it where it has not after `patience` seconds; returns when it is gone."""
        self._asked = True
        self.send(command)
        self._reader.join(patience)
        if self._reader.is_alive():
            self._process.kill()
            self._reader.join()

    # ------------------------------------------------------------ in the reading thread

    def _read(self) -> None:
        self._received(EngineStarted(self._process.pid or 0))
        try:
            while self._more():
                self._take(self._events.recv())
        except (EOFError, OSError):
            self._process.kill()  # it has closed its end, or an array's file is gone
        except Exception:
            self._last_words = traceback.format_exc()  # what it says makes no sense any more
            self._process.kill()
        self._process.join()
        kills = MemoryKills.now().risen_since(self._memory_kills)
        details = self._last_words or trace_of_crash(self._exchange)
        self._ended(judge(self._process.exitcode, kills, asked=self._asked, details=details))
        with self._sending:
            self._commands.close()
        self._events.close()

    def _more(self) -> bool:
        """Wait for the next event; False when the process is dead and has said all."""
        wait([self._events, self._process.sentinel])
        return self._events.poll()

    def _take(self, said: object) -> None:
        if isinstance(said, LastWords):
            self._last_words = said.text
        elif isinstance(said, Parcel):
            self._received(unpack(said))  # type: ignore[arg-type]
