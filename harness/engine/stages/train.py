"""Train: face sets and their placements to weights, one phase at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.components import Params, TrainableModel
from harness.engine.job import Job
from harness.engine.session import Session
from harness.engine.stages.training_sets import LabelledFaces, StreamedFaces, facts, open_sets
from harness.errors import DataError, HarnessError, UsageError
from harness.plan.nodes import Node, TrainingSource
from harness.process.cpus import cpu_count
from harness.seeds import derive
from harness.training.data.subset import ConcatenatedSets, MaskedSubset
from harness.training.recipe import TrainingData
from harness.training.saved.people import write_people

if TYPE_CHECKING:
    from harness.training.distributed import Ranks
    from harness.training.loop import Summary
    from harness.training.torchrun import TorchrunGroup

CHECKPOINT_S = 60.0


@dataclass(frozen=True)
class Trained:
    """A phase that was trained: its model, what it saw, and what was said about it."""

    model: TrainableModel
    sets: Sequence[LabelledFaces | StreamedFaces]
    data: TrainingData
    summary: Summary
    notes: list[str]


def run(node: Node, session: Session, folder: Path) -> dict[str, Any]:
    """Train the node's model; an interrupted training continues from its last checkpoint."""
    from harness.training.distributed import ALONE
    from harness.training.loop import finished

    assert node.training is not None, "train nodes have a training"
    phase, notes = node.training, []
    if finished(folder) is None and session.group is not None:
        session.group.tell({"train": node.key, "folder": str(folder.absolute())})
        notes = _in_group(node, session, session.group, folder, session.progress)
    elif finished(folder) is None and session.job.options.nproc > 1:
        notes = _together(node, session, folder)
    done = _train(node, session, folder, ALONE, session.progress)
    data, sets = done.data, done.sets
    write_people(folder, _people(phase.sources, sets))
    return {
        "identities": int(data.labels.max()) + 1,
        **{("image_visits" if k == "images" else k): v for k, v in asdict(done.summary).items()},
        "images": len(data),
        "embedding_size": done.model.embedding_size,
        "phase": phase.depth,
        "trained_on": [facts(s, part) for s, part in zip(phase.sources, sets, strict=True)],
        "validation_identities": phase.validation,
        **_said(folder, node.component.params, phase.depth),
        "warnings": list(dict.fromkeys([*notes, *done.notes])),
    }


def _train(
    node: Node, session: Session, folder: Path, ranks: Ranks, progress: Callable[..., None]
) -> Trained:
    """Train in this process, alone or as one of several; of a finished training all is read."""
    from harness.training.loop import train
    from harness.training.validation import split

    assert node.training is not None, "train nodes have a training"
    plan, phase = session.plan, node.training
    use_threads(session)
    model, ctx = session.model(node.component, node.parts["repeat"], precision=plan.precision)
    if not isinstance(model, TrainableModel):
        raise UsageError(f"model {node.component.name} cannot be trained; leave out --generator")
    if "model" in node.inputs:
        model.load(session.store.get("models", node.inputs["model"]).folder)
    sets = open_sets(session, node, model.input_spec)
    empty = [source.name for source, part in zip(phase.sources, sets, strict=True) if not len(part)]
    if empty:
        raise DataError(f"no face of {empty[0]} is left to train on; take more of it")
    data: TrainingData = ConcatenatedSets(sets)
    apart: TrainingData | None = None
    if phase.validation:
        kept, held = split(data.labels, phase.validation, node.seed)
        data, apart = MaskedSubset(data, kept), MaskedSubset(data, held)
    _check_counts(node.component.params, data)
    summary = train(
        model,
        data,
        seed=derive(ctx.seed, "phase", phase.depth) if phase.depth else ctx.seed,
        folder=folder,
        device=plan.device,
        precision=plan.precision,
        progress=progress,
        checkpoint_s=CHECKPOINT_S,
        threads=max(1, min(session.jobs, 8)),
        validation=apart,
        ranks=ranks,
    )
    said = [note for part in sets if isinstance(part, StreamedFaces) for note in part.notes()]
    return Trained(model, sets, data, summary, [*ctx.notes, *said, *summary.notes])


def _people(
    sources: Sequence[TrainingSource], sets: Sequence[LabelledFaces | StreamedFaces]
) -> dict[str, list[str]]:
    """The named people of each set; two sets may have one name."""
    found: dict[str, list[str]] = {}
    for source, part in zip(sources, sets, strict=True):
        found.setdefault(source.name, []).extend(part.people())
    return found


def _check_counts(params: Params, data: TrainingData) -> None:
    """Raise DataError where what is left to train on teaches nothing."""
    counts = np.bincount(data.labels)
    reason = params.nothing_to_learn(int(np.count_nonzero(counts)), len(data), int(counts.max()))
    if reason:
        raise DataError(f"nothing can be learned: {reason}")


def _together(node: Node, session: Session, folder: Path) -> list[str]:
    """Train in several processes; their notes for the reader of the result."""
    from harness.training.distributed import launch

    count = session.job.options.nproc
    job = session.job.only(node).on(session.device, session.jobs // count)
    notes = launch(
        train_rank,
        (job, folder),
        count,
        device=session.device,
        heard=lambda values: session.progress(*values),
    )
    return [note for said in notes for note in said]


def train_rank(task: tuple[Job, Path], ranks: Ranks, report: Callable[[Any], None]) -> list[str]:
    """The part of one process in the training of the job's node, in the folder of that stage."""
    from harness.training.distributed import device_of

    def progress(done: int, total: int, unit: str, detail: str = "") -> None:
        report((done, total, unit, detail))

    job, folder = task
    session = Session.open(job.on(device_of(job.plan.device, ranks.rank)))
    (node,) = job.plan.nodes.values()
    return _train(node, session, folder, ranks, progress).notes


def _in_group(
    node: Node,
    session: Session,
    group: TorchrunGroup,
    folder: Path,
    progress: Callable[..., None],
) -> list[str]:
    """The part of this process of torchrun in a training; what it said."""
    from harness.training.distributed import device_of

    device = device_of(session.device, group.local_rank)
    mine = Session.open(session.job.on(device, group.jobs(session.jobs)), session.progress)
    return _train(node, mine, folder, group.ranks, progress).notes


def take_part(session: Session, group: TorchrunGroup) -> None:
    """Take part in every training that the first process of torchrun names, until the last."""
    while told := group.hear():
        node = session.plan.nodes.get(told["train"])
        if node is None:
            raise HarnessError(
                f"the first process of torchrun trains {told['train'][:12]}, which is not in the "
                "plan of this one; start the same command with the same data on every machine"
            )
        _in_group(node, session, group, Path(told["folder"]), session.progress)


def _said(folder: Path, params: Params, depth: int) -> dict[str, Any]:
    """The settings of the training, and which of them no publication states."""
    from harness.training.loop import RESULT
    from harness.training.saved.result import read_training

    written = read_training(folder / RESULT)
    settings, assumed = written.settings, written.assumed
    if depth:
        open_: Mapping[str, Sequence[str]] = getattr(params, "assumed_finetuning", {})
        more = open_.get(str(settings.get("preset")), ())
        assumed = list(dict.fromkeys([*assumed, *more]))
    return {"settings": settings, "assumed": assumed, "processes": written.processes}


def use_threads(session: Session) -> None:
    """Let torch use as many threads as ``-j`` says; one thread makes the CPU bit-exact."""
    import torch

    jobs = 1 if session.plan.study.portable else session.jobs
    torch.set_num_threads(max(1, min(jobs, cpu_count())))
