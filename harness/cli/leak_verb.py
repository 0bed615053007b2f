"""``harness leak``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import files_of, open_registry
from harness.recipe.resolve import split_names
from harness.terminal import line, say, say_page

if TYPE_CHECKING:
    from harness.engine.sets.labelled_set import LabelledSet
    from harness.plan.nodes import Plan
    from harness.store.artifacts import Store
    from harness.tools.leak import LeakReport

SHOWN = 5


@click.command(name="leak")
@click.argument("study", required=False, type=click.Path(path_type=Path))
@click.option("--train", multiple=True, metavar="SET",
              help="Face set: key, folder of people, packed file (.rec) or generator.")  # fmt: skip
@click.option("-b", "--bench", multiple=True, metavar="NAME", help="Benchmarks to search.")
@click.option("-m", "--model", required=True, metavar="NAME", help="Model with weights.")
@click.option("-M", "model_params", multiple=True, metavar="KEY=VALUE",
              help="Set a model parameter.")  # fmt: skip
@click.option("-B", "bench_params", multiple=True, metavar="KEY=VALUE",
              help="Set a benchmark parameter.")  # fmt: skip
@click.option("--aligner", metavar="NAME", help="Detector for images without landmarks.")
@click.option("-A", "aligner_params", multiple=True, metavar="KEY=VALUE",
              help="Set an aligner parameter.")  # fmt: skip
@click.option("--template", metavar="NAME", help="The images of a --train folder follow this one.")
@click.option("--fmr", type=float, default=1e-5, show_default=True,
              help="Share of impostor pairs above the threshold.")  # fmt: skip
@click.option("--per-identity", type=click.IntRange(min=1), metavar="N",
              help="Take the first N images of each training identity  [default: all]")  # fmt: skip
@click.option("--device", metavar="DEV", help="auto, cpu, cuda or cuda:N  [default: auto]")
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="Threads.")
@click.option("--kind", type=click.Choice(["image", "centre"]), default="image",
              show_default=True, help="Compare images, or the centres of identities.")  # fmt: skip
@click.option("--control", metavar="SET",
              help="People whom training cannot hold; their rate is shown beside.")  # fmt: skip
@click.option("--fail-above", type=click.FloatRange(0, 1), metavar="SHARE",
              help="Exit 4 if a larger share of people is found.")  # fmt: skip
@click.option("--fail-on-leak", is_flag=True, help="Exit 4 where a leak is found.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a search.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on standard error.")
@click.pass_obj
def command(obj: dict[str, Any], /, study: Path | None, **options: Any) -> int:
    """Search the people of benchmarks among training faces, by embedding and by name.

    With STUDY its own face sets and benchmarks are taken where none are given, and what is found is
    kept in STUDY/leaks.

    \b
    Examples:
      harness leak study -m onnx -M path=net.onnx
      harness leak --train faces/ --template arcface -b lfw -m onnx -M path=net.onnx
      harness leak --train faces/train.rec -b lfw -m onnx -M path=net.onnx --fail-above 0.01
      harness leak --train 3fa9c1 -b synthpie -m facenet-nn4 -M weights=w.safetensors
    """
    from harness.engine.sets.labelled_set import open_labelled
    from harness.process.cpus import cpu_count
    from harness.progress import Progress
    from harness.store.artifacts import Store
    from harness.tools.leak_run import check, record
    from harness.tools.sets.named import named_source

    if not 0 < options["fmr"] < 1:
        raise click.UsageError(f"--fmr {options['fmr']} is not a share between 0 and 1")
    store = Store()
    sets, benches = _targets(study, options["train"], options["bench"])
    progress, registry = Progress(quiet=options["quiet"]), open_registry(obj)

    def opened(name: str) -> LabelledSet:
        source = named_source(registry, store, name, options["template"], progress=progress,
                              plugin_files=files_of(obj))  # fmt: skip
        return open_labelled(store, source)

    training = [opened(name) for name in sets]
    control = None if options["control"] is None else opened(options["control"])
    for note in dict.fromkeys(note for item in training for note in item.notes):
        say(f"harness: {note}", err=True)
    plan = _plan(obj, store, benches, options)
    found = []
    reports = check(
        plan, store, training,
        fmr=options["fmr"],
        per_identity=options["per_identity"],
        progress=progress,
        kind=options["kind"],
        control=control,
        jobs=options["jobs"] or cpu_count(),
        plugin_files=files_of(obj),
    )  # fmt: skip
    keys = {item.title: item.key for item in training}
    for report in reports:
        found.append(report)
        if study is not None:
            record(study, report, keys[report.training])
        if options["as_json"]:
            say(json.dumps(report.to_json()))
        else:
            say_page(_text(report))
    leaked = options["fail_on_leak"] and any(report.leaked for report in found)
    limit = options["fail_above"]
    above = limit is not None and any(report.leak_rate > limit for report in found)
    return 4 if leaked or above else 0


def _targets(
    study: Path | None, train: tuple[str, ...], bench: tuple[str, ...]
) -> tuple[list[str], list[str]]:
    """Training sets and benchmarks: those given, else those of the study."""
    from harness.errors import NothingSelectedError, UsageError

    sets, benches = list(train), [name for value in bench for name in split_names(value)]
    if study is not None:
        from harness.results.study import load_study

        results = load_study(study).results
        used = [r.cell.generator.key for r in results if r.cell.generator is not None]
        sets = sets or sorted(set(used))
        benches = benches or sorted({result.cell.benchmark.name for result in results})
        if not sets:
            raise NothingSelectedError(
                f"no model of {study} was trained on a face set; name one with --train SET"
            )
    if not sets or not benches:
        raise UsageError("give a study, or --train SET and --bench NAME")
    return sets, benches


def _plan(obj: dict[str, Any], store: Store, benches: list[str], options: dict[str, Any]) -> Plan:
    from harness.api import make_plan
    from harness.recipe.parameters import parse_assignment
    from harness.recipe.run_options import RecipeFlags

    kinds = {"model": "model_params", "benchmark": "bench_params", "aligner": "aligner_params"}
    settings = RecipeFlags(
        model=options["model"],
        bench=benches,
        aligner=options["aligner"],
        params={kind: dict(map(parse_assignment, options[name])) for kind, name in kinds.items()},
        device=options["device"],
    )
    return make_plan(settings, open_registry(obj), store)


def _text(report: LeakReport) -> str:
    verdict = "LEAK" if report.leaked else "no leak found"
    lines = [
        f"{report.benchmark} in {report.training}: {verdict}",
        (
            f"  {report.above:,} of {report.identities:,} identities have a training face above "
            f"{report.threshold:.4f} (FMR {report.fmr:g} of {report.impostor_pairs:,} impostors); "
            f"at most {report.by_chance:.2g} are expected by chance over {report.comparisons:,} "
            "comparisons"
        ),
    ]
    if report.control_rate is not None:
        lines.append(f"  {report.control_rate:.2%} of the people of the control are, too")
    if not report.names_known:
        lines.append("  names: not known on both sides")
    else:
        some = ", ".join(report.shared_names[:SHOWN])
        lines.append(f"  names: {len(report.shared_names):,} shared{f' ({some})' if some else ''}")
    for match in report.matches[:SHOWN]:
        mark = "  " if match.above else "  (below) "
        lines.append(
            f"  {mark}{match.score:.4f}  {match.identity} ({match.image}) ~ "
            f"{match.training_identity} ({match.training_image})"
        )
    return "\n".join(map(line, lines))
