"""The processes that judge chunks side by side; what they answer comes back in the list's order."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from typing import Protocol

from server.domain.errors import ConsentError
from server.domain.service_key import ServiceKeys
from server.scrubbing.judging import Judge, Judged, Question, judge_chunk, storage_judge
from server.scrubbing.rows import Form
from server.storage.database import open_storage
from server.storage.engines import DatabaseUnusable
from server.telemetry import configure_logging

CHUNKS_AHEAD = 2
# A chunk's rows are tens of thousands of objects without a cycle: looking through them takes a quarter of the time.
_GARBAGE_THRESHOLD = 200_000


class CrewFailed(Exception):
    """A process could not do its work; the message says why."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines of a list; `final` where nothing comes after them."""

    data: bytes
    final: bool


@dataclass(frozen=True, slots=True)
class Task:
    """What is done to every chunk."""

    question: Question
    column: int
    form: Form


class Crew(Protocol):
    """Judges chunks, at most `size` at a time."""

    size: int

    def submit(self, chunk: Chunk) -> Future[Judged]:
        """Begin to judge a chunk."""
        ...


def judge_in_order(crew: Crew, chunks: Iterable[Chunk]) -> Iterator[Judged]:
    """Judge chunks and answer in their order, with few of them in memory at once.

    A chunk is cut where a row seems to end. Where one did not, the rest of the row belongs to the next chunk, which
    is judged again with it: what it answered without is thrown away.
    """
    under_way: deque[tuple[Chunk, Future[Judged]]] = deque()
    rest = b""

    def next_answer() -> Judged:
        nonlocal rest
        chunk, answer = under_way.popleft()
        if rest:
            answer.cancel()
            answer = crew.submit(Chunk(rest + chunk.data, chunk.final))
        judged = answer.result()
        rest = judged.rest
        return judged

    for chunk in chunks:
        under_way.append((chunk, crew.submit(chunk)))
        if len(under_way) >= crew.size * CHUNKS_AHEAD:
            yield next_answer()
    while under_way:
        yield next_answer()


class Alone:
    """A crew of this process alone."""

    size = 1

    def __init__(self, judge: Judge, task: Task) -> None:
        self._judge = judge
        self._task = task

    def submit(self, chunk: Chunk) -> Future[Judged]:
        """Judge a chunk, here and now. Raises what judging raises."""
        answer: Future[Judged] = Future()
        answer.set_result(judge_chunk(self._judge, chunk.data, self._task.column, self._task.form, final=chunk.final))
        return answer


class Processes:
    """A crew of processes, each with a storage of its own."""

    def __init__(self, pool: ProcessPoolExecutor, size: int) -> None:
        self._pool = pool
        self.size = size

    def submit(self, chunk: Chunk) -> Future[Judged]:
        """Begin to judge a chunk in some process, which may be started for it."""
        with _uninterrupted():
            return self._pool.submit(_judge, chunk)


@contextmanager
def open_processes(size: int, database: str, keys: ServiceKeys, task: Task) -> Iterator[Processes]:
    """Start processes as they are needed, and end them all. Raises CrewFailed, also from within."""
    pool = ProcessPoolExecutor(
        size, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(database, keys, task)
    )
    try:
        yield Processes(pool, size)
    except BrokenProcessPool as error:
        raise CrewFailed("a process that judged rows has died") from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold SIGINT back, and from processes that are started meanwhile for good: one half started would never end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)
        if held:
            signal.raise_signal(signal.SIGINT)


_work: partial[Judged] | CrewFailed = CrewFailed("the process has not begun")


def _begin(database: str, keys: ServiceKeys, task: Task) -> None:
    """Make this process ready. A failure is kept for its first chunk: raised here, nobody would hear the reason."""
    global _work  # the process has one piece of work for its whole life
    _end_with_parent()
    gc.freeze()
    gc.set_threshold(_GARBAGE_THRESHOLD, 20, 20)
    configure_logging("console", "warning")
    try:
        judge = storage_judge(open_storage(database, keys), task.question)
    except DatabaseUnusable as error:
        _work = CrewFailed(str(error))
    else:
        _work = partial(judge_chunk, judge, column=task.column, form=task.form)


def _judge(chunk: Chunk) -> Judged:
    if isinstance(_work, CrewFailed):
        raise _work
    try:
        return _work(chunk.data, final=chunk.final)
    except ConsentError as error:  # which would not survive the way between processes
        raise CrewFailed(error.message) from None


def _end_with_parent() -> None:
    """End this process when its parent is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="consent-parent-watch", daemon=True).start()
