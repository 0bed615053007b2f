"""Shards and stages as tasks of a Dask cluster."""

from __future__ import annotations

import concurrent.futures
import itertools
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, ClassVar

from distributed import Client, Future, KilledWorker

from harness.plugin import HarnessError, PrerequisiteError
from harness.plugin.executors import Executor, Setup

from . import clusters, farewell, worker
from .params import DaskParams

AHEAD = 4
"""Shards in flight a worker: enough to keep it busy, few enough to keep memory flat."""

LEAST_AHEAD = 64
LOOK_EVERY_S = 0.5
START_S = 30
CONNECT_S = 30
FAREWELL_S = 5
MEMORY = "memory"


class DaskExecutor(Executor):
    """A client of one cluster, opened for one run; its methods may be called from many threads."""

    remote: ClassVar[bool] = True

    def __init__(self, params: DaskParams) -> None:
        super().__init__(params)
        self._closed = threading.Event()
        self._numbers = itertools.count()
        self._heard: dict[int, SimpleQueue[Any]] = {}
        self._cluster: Any = None
        self._client: Client | None = None
        self._undo: Callable[[], None] = lambda: None
        self._setup = Setup(folders=())

    def describe(self, jobs: int) -> str:
        """See :class:`harness.extensions.Executor`."""
        params: DaskParams = self.params
        workers = params.workers or jobs
        if params.scheduler is not None:
            return f"the Dask scheduler at {params.scheduler}, with the workers it has"
        if params.cluster == "local":
            return f"{workers} Dask workers on this machine"
        if params.cluster == "ssh":
            return f"a Dask scheduler on {params.hosts[0]}, workers on {params.hosts[1:]}"
        head = f"# {workers} jobs of {params.cluster}, each submitted with this script\n"
        return head + clusters.job_script(params)

    def open(self, setup: Setup) -> None:
        """See :class:`harness.extensions.Executor`."""
        self._setup = setup
        self._undo = farewell.quiet(self._ending)
        self._topic = f"harness-{uuid.uuid4().hex}"
        self._sign = worker.Sign(self._topic, setup.folders)
        try:
            self._start(setup)
            self._client = Client(self._cluster, timeout=CONNECT_S, set_as_default=False)
        except OSError as error:
            raise PrerequisiteError(
                f"the Dask cluster cannot be reached: {' '.join(str(error).split())}; is the "
                "scheduler running?"
            ) from error
        self._sign.put()
        client = self._client
        try:
            ours = self.params.cluster == "local" and self.params.scheduler is None
            own = self._sign if ours else None
            client.register_plugin(worker.Arrival(setup.plugin_files, own), name=self._topic)
            problems = [text for text in client.run(worker.problem, self._sign).values() if text]
        except Exception as error:
            raise PrerequisiteError(
                f"a Dask worker cannot take part: {type(error).__name__}: {error}; it needs the "
                "packages and plugins of this machine"
            ) from error
        if problems:
            raise PrerequisiteError(problems[0])
        client.subscribe_topic(self._topic, self._hear)
        client.subscribe_topic("all", self._happened)
        setup.say(
            f"Dask scheduler {client.scheduler.address}, {len(self._workers())} workers so far"
        )
        if self.params.dashboard and not isinstance(self._cluster, str):
            setup.say(
                f"Dask dashboard {client.dashboard_link}, which every user of this machine can open"
            )

    def _start(self, setup: Setup) -> None:
        """Start the cluster; an interrupt waits for it, because Dask cannot end half of one."""
        starting = concurrent.futures.Future[Any]()

        def start() -> None:
            try:
                starting.set_result(clusters.start(self.params, setup.jobs, gpu=setup.gpu))
            except BaseException as error:  # noqa: BLE001 (raised where it is waited for)
                starting.set_exception(error)

        threading.Thread(target=start, name="dask-start", daemon=True).start()
        try:
            self._cluster = starting.result()
        except KeyboardInterrupt:
            with suppress(Exception):  # the interrupt is what is told
                self._cluster = starting.result(timeout=START_S)
            raise

    def close(self) -> None:
        """See :class:`harness.extensions.Executor`."""
        self._closed.set()
        if self._client is not None:
            self._leave(self._client)
        self._client = None
        if self._cluster is not None and not isinstance(self._cluster, str):
            with suppress(TimeoutError):
                self._cluster.close(timeout=10)
        if not self._setup.ended():  # else the process ends, and what Dask says until then is noise
            self._undo()

    def _leave(self, client: Client) -> None:
        """Take back what was told to the cluster, which others may still use."""
        self._sign.remove()
        if client.status == "running":
            for topic in ("all", self._topic):
                with suppress(ValueError):  # opened no further
                    client.unsubscribe_topic(topic)
            with suppress(OSError):  # a worker that sleeps does not answer, and none needs to
                client.sync(
                    client.scheduler.unregister_worker_plugin,
                    name=self._topic,
                    callback_timeout=FAREWELL_S,
                )
        with suppress(TimeoutError):  # of a machine that is too busy; what was told ends later
            client.close(timeout=5)

    def _ending(self) -> bool:
        return self._closed.is_set() or self._setup.ended()

    def run_shards(
        self, task: Callable[[Any, int], Any], shared: Any, shards: Sequence[int], jobs: int
    ) -> Iterator[tuple[int, Any]]:
        """See :class:`harness.extensions.Executor`."""
        parcel = worker.packed(worker.one_shard, (task, shared))
        return self._run(task.__name__, parcel, shards, {}, lambda _: None)

    def run_parts(
        self,
        task: Callable[[Any, int, Callable[[Any], None]], Any],
        shared: Any,
        parts: Sequence[int],
        needs: Mapping[str, float],
        hear: Callable[[Any], None],
    ) -> Iterator[tuple[int, Any]]:
        """See :class:`harness.extensions.Executor`."""
        parcel = worker.packed(task, shared)
        return self._run(task.__name__, parcel, parts, self._resources(needs), hear)

    def run_stage(
        self,
        task: Callable[[Any, Callable[[Any], None]], Any],
        shared: Any,
        needs: Mapping[str, float],
        hear: Callable[[Any], None],
    ) -> Any:
        """See :class:`harness.extensions.Executor`."""
        parcel = worker.packed(worker.whole_stage, (task, shared))
        ((_, answer),) = self._run(task.__name__, parcel, [0], self._resources(needs), hear)
        return answer

    def _run(
        self,
        name: str,
        parcel: worker.Parcel,
        items: Sequence[int],
        resources: Mapping[str, float],
        hear: Callable[[Any], None],
    ) -> Iterator[tuple[int, Any]]:
        """Every item as a task; what tasks tell and which are done arrive in one queue."""
        number, arrived = next(self._numbers), SimpleQueue[Any]()
        waiting: dict[Future, int] = {}
        queue = iter(items)
        self._heard[number] = arrived
        try:
            while True:
                room = max(LEAST_AHEAD, AHEAD * len(self._workers())) - len(waiting)
                batch: list[int] = []
                if room > LEAST_AHEAD // 2 or not waiting:
                    batch = list(itertools.islice(queue, room))
                if batch:  # handed over together, which is much cheaper than one by one
                    futures = self._open_client().map(
                        worker.do, batch, sign=self._sign, parcel=parcel, topic=self._topic,
                        number=number, resources=dict(resources), pure=False,
                        key=[f"{name}-{number}-{self._topic}-{item}" for item in batch],
                    )  # fmt: skip
                    for future, item in zip(futures, batch, strict=True):
                        waiting[future] = item
                        future.add_done_callback(arrived.put)
                if not waiting:
                    return
                while not isinstance(found := self._next(arrived), Future):
                    hear(found)
                yield waiting.pop(found), self._result(found)
        finally:
            del self._heard[number]
            self._cancel(list(waiting))

    def _open_client(self) -> Client:
        if self._client is None or self._closed.is_set():
            raise KeyboardInterrupt
        return self._client

    def _next(self, queue: SimpleQueue[Any]) -> Any:
        while True:
            if self._closed.is_set():
                raise KeyboardInterrupt
            try:
                return queue.get(timeout=LOOK_EVERY_S)
            except Empty:
                continue

    def _result(self, future: Future) -> Any:
        if self._ending():
            raise KeyboardInterrupt
        if future.status != "finished":
            raise self._broken(future)
        found = future.result()
        if isinstance(found, worker.Failed):
            if found.report:
                found.error.add_note(found.report)
            raise found.error
        return found

    def _broken(self, future: Future) -> HarnessError:
        if future.status == "error":
            error = future.exception()
            if isinstance(error, KilledWorker):
                return HarnessError(
                    f"a task was given up after it had ended several workers, the last one "
                    f"{error.last_worker.address} (out of memory?); finished chunks are saved, run "
                    "the same command again"
                )
            return HarnessError(f"Dask could not run a task: {type(error).__name__}: {error}")
        return HarnessError(
            "the Dask scheduler is lost; finished chunks are saved, run the same command again "
            "when "
            "it is back"
        )

    def _cancel(self, futures: list[Future]) -> None:
        client = self._client
        if client is not None and client.status == "running" and not self._closed.is_set():
            open_ = [future for future in futures if not future.done()]
            if open_:
                client.cancel(open_, force=True)

    def _workers(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._open_client().scheduler_info(n_workers=-1)["workers"]
        return found

    def _resources(self, needs: Mapping[str, float]) -> dict[str, float]:
        """What a worker must have; memory only where workers say how much they have."""
        workers = self._workers().values()
        declared = {name for known in workers for name in known["resources"]}
        declared |= set(self.params.resources)
        wanted = {k: v for k, v in needs.items() if k != MEMORY or MEMORY in declared}
        for name, amount in wanted.items():
            best = max((known["resources"].get(name, 0) for known in workers), default=amount)
            if name not in self.params.resources and best < amount:
                raise PrerequisiteError(
                    f"no Dask worker has {name}={amount:g}; start workers with --resources "
                    f'"{name}={amount:g}", or set resources in [executor]'
                )
        return wanted

    def _hear(self, event: tuple[float, Any]) -> None:
        number, message = event[1]
        queue = self._heard.get(number)
        if queue is not None:
            queue.put(message)

    def _happened(self, event: tuple[float, Any]) -> None:
        message = event[1]
        if message.get("action") == "remove-worker" and not self._ending():
            self._setup.say(
                f"Dask worker {message.get('worker', '')} is lost; others take its tasks over"
            )
