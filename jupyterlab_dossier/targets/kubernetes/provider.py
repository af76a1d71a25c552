"""Starts, watches and ends the Job of each worker."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from ..provider import Ended, NoAnswer, ProviderFault, Target, Usable, WorkerOrder
from . import options, settings

if TYPE_CHECKING:
    from .cluster import Cluster
    from .watching import Watching

Json = dict[str, Any]

_LOG_LINES = 500
# Seconds in which the cluster has to say whether it may be used.
_CHECK = 10.0
# Seconds for which what it said is believed.
_REMEMBER = 30.0
# Seconds after which a worker that runs and has not dialled in is asked why, and again.
_SILENT = 20.0
# Seconds between two looks at whether a pod has ended: at first, and at most.
_LEAVES = (0.2, 2.0)
# A look-up that is given up goes on: it takes no thread that others need.
_LOOKUPS = ThreadPoolExecutor(2, "dossier-faces")
# The most of a line of its log that is read.
_LINE = 4096
# The most that is read of a log.
_LOG_BYTES = 1 << 20


class KubernetesProvider:
    """A handle is (kubeconfig, context, namespace, name of the Job, and its UID once it is there).

    The cluster's client library is loaded on first use: it takes a second.
    """

    kind = "kubernetes"
    settings: Collection[str] = options.SETTINGS

    def __init__(self) -> None:
        self._clusters: dict[tuple[str | None, ...], tuple[Cluster, Watching]] = {}
        self._connecting: dict[tuple[str | None, ...], asyncio.Task[None]] = {}
        self._commands: dict[tuple[str | None, ...], str | None] = {}
        """The login command that a cluster's answers wait for."""
        self._allowed: dict[tuple[str | None, ...], float] = {}
        """When a cluster was last heard to allow everything."""

    # what the target offers

    def options(self, target: Target) -> Json:
        return options.schema(target)

    def worker_options(self, target: Target, asked: Json) -> Json:
        """All of them are the pod's."""
        return asked

    def default_slots(self, target: Target) -> int:
        """One: a pod's memory and CPU are one cell's."""
        return 1

    def time_limit(self, target: Target, asked: Json) -> float:
        return options.time_limit(target, asked)

    def interpreter(self, target: Target, python: str) -> None:
        return None

    async def face(self, target: Target) -> str | None:
        cluster, _ = await self._reach(target)
        try:
            with anyio.fail_after(_CHECK):
                return await asyncio.get_running_loop().run_in_executor(_LOOKUPS, cluster.face)
        except TimeoutError:
            host = cluster.api.configuration.host
            raise NoAnswer(f"{host} was not resolved within {_CHECK:.0f} s") from None

    async def check(self, target: Target) -> Usable:
        try:
            wrong = await asyncio.to_thread(settings.wrong, target)
            if wrong is not None:
                return Usable(False, wrong)
            with anyio.fail_after(_CHECK):
                return await self._check(target)
        except TimeoutError:
            why = f"the cluster does not answer within {_CHECK:.0f} s"
            if (command := self._commands.get(settings.cluster_of(target))) is not None:
                why = f"its login command {command!r} has not ended"
            return Usable(False, why, again=True)
        except ProviderFault as fault:
            return Usable(False, str(fault), again=isinstance(fault, NoAnswer))

    async def _check(self, target: Target) -> Usable:
        cluster, _ = await self._reach(target)
        if (
            self._allowed.get(settings.cluster_of(target), -_REMEMBER)
            > time.monotonic() - _REMEMBER
        ):
            return Usable(True)
        with _told(f"cluster {cluster.api.configuration.host}"):
            missing = await _module("rights").missing(cluster)
        if missing:
            why = f"you may not {', '.join(missing)} in namespace {cluster.namespace!r}"
            return Usable(False, f"{why}: ask for the Role of deploy/kubernetes")
        self._allowed[settings.cluster_of(target)] = time.monotonic()
        return Usable(True)

    # a worker's life

    def plan(self, order: WorkerOrder) -> Json:
        """The handle before anything is there: what a crash leaves behind is found by it."""
        return {
            "kubeconfig": order.target.settings.get("kubeconfig"),
            "context": order.target.settings.get("context"),
            "namespace": order.target.settings.get("namespace"),
            "job": f"dossier-{order.worker}",
        }

    async def start(self, order: WorkerOrder) -> Json:
        cluster, _ = await self._reach(order.target)
        objects = _objects()
        if not options.chosen(order.target, order.options).get("image"):
            raise ProviderFault(
                f"target {order.target.name!r} names no image, and neither does the cell"
            )
        space = cluster.namespace
        program = await asyncio.to_thread(objects.zipapp, order.zipapp)
        name = program.metadata.name
        with _told("the worker's program cannot be put into the cluster"), _unless(409):
            await cluster.core.create_namespaced_config_map(space, program)
        await self._try_out(cluster, order, name)
        with _told("the worker's Job cannot be made"):
            job = await cluster.batch.create_namespaced_job(space, objects.job(order, name))
        body = await asyncio.to_thread(
            objects.secret, job.metadata.name, order.config, objects.labels(order), job
        )
        with _told("the worker's Secret cannot be made"):
            await cluster.core.create_namespaced_secret(space, body)
        if objects.QUEUE not in job.metadata.labels:
            with _told("the worker's Job cannot be started"):
                await cluster.batch.patch_namespaced_job(
                    job.metadata.name, space, {"spec": {"suspend": False}}
                )
        return {**self.plan(order), "uid": job.metadata.uid}

    async def _try_out(self, cluster: Cluster, order: WorkerOrder, program: str) -> None:
        """What the namespace would refuse is refused before anything is made."""
        from kubernetes_asyncio.client import ApiException

        from . import fields, limits
        from .cluster import answer

        objects = _objects()
        space, core = cluster.namespace, cluster.core
        gpu = settings.gpu(order.target)
        pod = objects.pod(order, program)
        wanted = pod.spec.containers[0].resources.requests or {}
        with _told("the namespace's quotas cannot be read"):
            quotas = await core.list_namespaced_resource_quota(space)
            ranges = await core.list_namespaced_limit_range(space)
        found = limits.beyond(wanted, quotas.items, ranges.items)
        if found is not None:
            raise ProviderFault(f"option {fields.of_resource(found[0], gpu)} {found[1]}")
        for claim in (options.chosen(order.target, order.options)).get("volumes") or ():
            with _told(f"volume {claim['claim']!r}"):
                await core.read_namespaced_persistent_volume_claim(claim["claim"], space)
        try:
            await core.create_namespaced_pod(space, pod, dry_run="All")
        except ApiException as error:
            if error.status == 403 and "exceeded quota" in str(error.body):
                return  # others use it now: the Job waits for its turn
            message = answer(error)
            if "does not support dry run" in message:
                return  # an admission webhook of the cluster: it has its say when the pod is made
            about = fields.of(message, gpu)
            option = f", by its option {about}" if about else ""
            raise ProviderFault(f"the cluster refuses the pod{option}: {message}") from None

    async def wait(self, handle: Json, tell: Callable[[str], bool] = lambda words: False) -> Ended:
        from . import phases

        cluster, watching = await self._reach_again(handle)
        told = None
        async with watching.used(), contextlib.AsyncExitStack() as asking:
            async for job, pods, events in watching.of(handle["job"]):
                if job is None and await self._is_there(handle):
                    # The watch has not heard of it yet; or it may not be watched just now, which
                    # is no fault of the worker's: a login may come again, a right be given back.
                    phase = phases.Phase(watching.denied or "", "waits")
                else:
                    phase = phases.read(job, pods, events)
                if phase.state in ("ended", "hopeless"):
                    return Ended(phase.words, phase.again)  # whoever waits has it ended
                words = watching.denied or phase.words
                if words and words != told:
                    told = words
                    await asking.aclose()
                    if tell(words) and phase.state == "runs":
                        asks = _ask_why(cluster, phases.newest(pods), words, tell)
                        await asking.enter_async_context(_meanwhile(asks))
        raise AssertionError("a watch has no end")

    async def _is_there(self, handle: Json) -> bool:
        """Whether the cluster has the Job; true where it does not answer."""
        import aiohttp
        from kubernetes_asyncio.client import ApiException

        cluster, _ = await self._reach_again(handle)
        try:
            await cluster.batch.read_namespaced_job(handle["job"], cluster.namespace)
        except ApiException as error:
            return error.status != 404
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError):
            return True
        return True

    async def end(self, handle: Json) -> None:
        from kubernetes_asyncio import client as k

        cluster, _ = await self._reach_again(handle)
        name, space = handle["job"], cluster.namespace
        uid = handle.get("uid")
        # A conflict: there is another Job of that name.
        with _told("a worker's Job cannot be deleted"), _unless(404, 409):
            if uid is None:
                # Its start was cut off: the name is the worker's, which is random.
                uid = (await cluster.batch.read_namespaced_job(name, space)).metadata.uid
            # Its pods and its Secret go with it.
            await cluster.batch.delete_namespaced_job(
                name, space,
                body=k.V1DeleteOptions(
                    preconditions=k.V1Preconditions(uid=uid), propagation_policy="Background"
                ),
            )  # fmt: skip

    async def left(self, handle: Json) -> None:
        """A pod that is being deleted takes room, and counts for the quota, until it has ended."""
        cluster, _ = await self._reach_again(handle)
        mine = f"batch.kubernetes.io/job-name={handle['job']}"
        pause, longest = _LEAVES
        while True:
            with _told("its pods cannot be listed"):
                pods = await cluster.core.list_namespaced_pod(
                    cluster.namespace, label_selector=mine
                )
            if all(pod.status.phase in ("Succeeded", "Failed") for pod in pods.items):
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    async def moved(self, handle: Json, config: Path) -> None:
        """The server has another address: the kubelet brings it into the pod."""
        cluster, _ = await self._reach_again(handle)
        body = await asyncio.to_thread(_objects().secret, handle["job"], config, {}, None)
        change = {"stringData": body.string_data}
        with _told("the worker's Secret cannot be changed"), _unless(404):
            await cluster.core.patch_namespaced_secret(handle["job"], cluster.namespace, change)

    async def logs(self, handle: Json) -> str:
        from kubernetes_asyncio.client import ApiException

        from .cluster import words

        cluster, _ = await self._reach_again(handle)
        texts = []
        with _told("the pod's log cannot be read"):
            pods = await cluster.core.list_namespaced_pod(
                cluster.namespace, label_selector=f"batch.kubernetes.io/job-name={handle['job']}"
            )
            # All events of the namespace may be many, and anybody's.
            for name in (handle["job"], *(pod.metadata.name for pod in pods.items)):
                events = await cluster.core.list_namespaced_event(
                    cluster.namespace, field_selector=f"involvedObject.name={name}"
                )
                texts += [f"{event.reason}: {event.message}" for event in events.items]
        for pod in pods.items:
            try:
                text = await cluster.core.read_namespaced_pod_log(
                    pod.metadata.name,
                    cluster.namespace,
                    tail_lines=_LOG_LINES,
                    limit_bytes=_LOG_BYTES,
                    container=_objects().CONTAINER,
                )
                texts.append(text or "")
            except ApiException as error:
                # A pod that never started has none (400); a node may not answer.
                texts.append(words(error, f"the log of {pod.metadata.name}"))
        return "\n".join(texts)

    async def close(self) -> None:
        for task in [*self._connecting.values()]:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        clusters, self._clusters = self._clusters, {}
        for cluster, _ in clusters.values():
            await cluster.close()

    # the cluster

    async def _reach(self, target: Target) -> tuple[Cluster, Watching]:
        key = settings.cluster_of(target)
        if key not in self._clusters:
            # A login command that the kubeconfig names may take its time: it is started once for
            # all who ask, and goes on though they are given up.
            task = self._connecting.get(key)
            if task is None:
                task = self._connecting[key] = asyncio.create_task(self._connect(key, target))
                task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            await asyncio.shield(task)
        return self._clusters[key]

    async def _connect(self, key: tuple[str | None, ...], target: Target) -> None:
        try:
            clusters = await asyncio.to_thread(_module, "cluster")
            watching = await asyncio.to_thread(_module, "watching")
            cluster = await clusters.connect(
                target, lambda command: self._commands.update({key: command})
            )
            self._clusters[key] = (cluster, watching.Watching(cluster))
        except ImportError as error:
            raise ProviderFault(
                f"{error}: install jupyterlab-dossier[kubernetes] in the server's environment"
            ) from None
        finally:
            del self._connecting[key]

    async def _reach_again(self, handle: Json) -> tuple[Cluster, Watching]:
        where = {name: handle.get(name) for name in ("kubeconfig", "context", "namespace")}
        return await self._reach(Target("", self.kind, where))


def _module(name: str) -> Any:
    return importlib.import_module(f".{name}", __package__)


def _objects() -> Any:
    return _module("objects")


async def _ask_why(cluster: Cluster, pod: Any, words: str, tell: Callable[[str], bool]) -> None:
    """Tells why the worker of a pod that runs does not dial in: it says so in the pod's log."""
    import aiohttp
    from kubernetes_asyncio.client import ApiException

    from . import phases

    faults = (ApiException, aiohttp.ClientError, asyncio.TimeoutError, OSError)
    await asyncio.sleep(_SILENT)
    while tell(words):
        with contextlib.suppress(*faults):  # its node may not answer: it is asked again
            line = await cluster.core.read_namespaced_pod_log(
                pod.metadata.name, cluster.namespace, container=_objects().CONTAINER,
                tail_lines=1, limit_bytes=_LINE,
            )  # fmt: skip
            words = phases.silent(line) or words
            tell(words)
        await asyncio.sleep(_SILENT)


@contextlib.asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Goes on as long as this lasts."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.contextmanager
def _told(doing: str) -> Iterator[None]:
    """What goes wrong with the cluster becomes a `ProviderFault` with the server's own words."""
    import aiohttp
    from kubernetes_asyncio.client import ApiException

    from .cluster import words

    try:
        yield
    except ApiException as error:
        kind = NoAnswer if error.status in (502, 503, 504) else ProviderFault
        raise kind(words(error, doing)) from None
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
        why = str(error) or type(error).__name__
        raise NoAnswer(f"{doing}: the cluster cannot be reached: {why}") from None


@contextlib.contextmanager
def _unless(*statuses: int) -> Iterator[None]:
    """That something is there already, or gone already, is as good."""
    from kubernetes_asyncio.client import ApiException

    try:
        yield
    except ApiException as error:
        if error.status not in statuses:
            raise
