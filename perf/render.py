"""What one rendered image costs, stage by stage, how many a core makes, and what others cost.

    OMP_NUM_THREADS=1 python perf/render.py [--images 200] [--px 112 224] [--peers-python PYTHON]

Everything is CPU time of one thread, so that other users of the machine do not count. First the
whole image (draws, mesh, raster, shading, background, JPEG 95) for the embedded model and for
synthetic ones of 28,588 and 53,149 vertices with 199, 199 and 100 dense modes. Then two processes
against one, with the memory of each. Then the drawing alone, from a mesh of 28,588 vertices to
pixels, against VTK, pyrender and Open3D on the same meshes, cameras and sizes: install them beside,
not in, this environment, and name its interpreter. A peer that cannot run is said to be absent.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from head_model import head_model

from harness.faces.face import Slot
from harness_plugins.generators.bfm.generator import Bfm
from harness_plugins.generators.bfm.params import BfmParams
from harness_plugins.generators.bfm.rendering import illumination, rasterise, resolve
from harness_plugins.generators.bfm.rendering.camera import DISTANCE_MM, posed, rotation
from harness_plugins.generators.bfm.rendering.render import Renderer
from harness_plugins.generators.bfm.rendering.shading import polynomial
from harness_plugins.generators.bfm.sampling import Pose

GOALS = {(28588, 112): 280, (28588, 224): 170, (53149, 224): 130}
SIZES = (28588, 53149)
PEERS = ("vtk", "pyrender", "open3d", "open3d-rays")
STEP = 2


class Bench:
    """A context that keeps artifacts in a temporary folder."""

    seed, device, precision, batch_size, limit = 0, "cpu", "fp32", None, None

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def artifact(self, name, parts, build):
        folder = self._folder / name
        if not folder.exists():
            folder.mkdir()
            build(folder)
        return folder

    def note(self, text):
        print(f"note: {text}")


def opened(folder: Path, px: int, model=None) -> Bfm:
    generator = Bfm(BfmParams(image_px=px))
    if model is not None:
        generator._open_model = lambda: model
    generator.prepare(Bench(folder))
    return generator


def cpu_ms(work, count: int) -> float:
    start = time.process_time()
    work()
    return 1e3 * (time.process_time() - start) / count


def measure(name: str, generator: Bfm, images: int) -> None:
    """The whole image, 20 images per identity, and the stages it consists of."""
    px, vertices = generator.params.image_px, generator._model.vertices
    slots = [Slot(i // 20, i % 20) for i in range(images)]
    faces = list(generator.generate(slots[:20]))  # compiles and warms up
    whole = min(cpu_ms(lambda: list(generator.generate(slots)), images) for _ in range(2))
    goal = GOALS.get((vertices, px))
    print(f"\n{name}, {vertices} vertices, {px} px: {1e3 / whole:.0f} images per CPU-second"
          + (f" (goal {goal})" if goal else "") + f", {whole:.2f} ms an image")  # fmt: skip
    costs = stages(generator, faces)
    for stage, cost in costs.items():
        print(f"    {stage:<34}{cost:6.2f} ms  {cost / whole:6.1%}")
    rest = whole - sum(costs.values())
    print(f"    {'draws, camera, landmarks, the rest':<34}{rest:6.2f} ms  {rest / whole:6.1%}")


def stages(generator: Bfm, faces) -> dict[str, float]:
    """CPU milliseconds of each stage of one image."""
    model, px = generator._model, generator.params.image_px
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((8, m.rank)).astype(np.float32)
               for m in (model.shape, model.colour, model.expression)]  # fmt: skip
    parts = (model.shape, model.colour, model.expression)
    each = [min(cpu_ms(lambda m=m, w=w: m.instances(w), 8) for _ in range(4))
            for m, w in zip(parts, weights, strict=True)]  # fmt: skip
    behind = [Slot(0, n) for n in range(40)]
    pixels = [cv2.imdecode(np.frombuffer(f.image, np.uint8), 1) for f in faces]
    quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
    return {
        "shape and colour, a twentieth": (each[0] + each[1]) / 20,
        "expression": each[2],
        **drawing(model, px),
        "background": cpu_ms(lambda: [generator._behind(s) for s in behind], len(behind)),
        "JPEG": cpu_ms(lambda: [cv2.imencode(".jpg", p, quality) for p in pixels], len(pixels)),
    }


def views(model, px: int, count: int):
    """Poses and cameras of face boxes, over the range of SYN-1M."""
    rng = np.random.default_rng(1)
    renderer = Renderer(model, px, 1.25)
    light, plain = illumination.lobes(rng), np.zeros((px, px, 3), np.uint8)
    points = model.shape.mean
    poses = [Pose(*(rng.uniform(-1, 1, 3) * (90, 30, 15))) for _ in range(count)]
    return [(p, renderer.render(points, model.colour.mean, p, light, plain).camera) for p in poses]


def drawing(model, px: int, count: int = 40) -> dict[str, float]:
    """CPU milliseconds of each step from vertices to pixels."""
    cells = rasterise.unsigned(model.triangles)
    b, p = rasterise.Buffers(model.vertices, len(cells), STEP * px), resolve.Pixels(px, STEP)
    factors = polynomial(illumination.lobes(np.random.default_rng(0)))
    image = np.zeros((px, px, 3), np.uint8)
    total: dict[str, float] = {}

    def timed(step, work, *given):
        start = time.process_time()
        found = work(*given)
        total[step] = total.get(step, 0.0) + 1e3 * (time.process_time() - start) / count
        return found

    for pose, camera in views(model, px, count):
        turn = rotation(pose.yaw_deg, pose.pitch_deg, pose.roll_deg).astype(np.float32)
        numbers = (np.float32(v) for v in (DISTANCE_MM, STEP * camera.scale, STEP * camera.cx,
                                           STEP * camera.cy))  # fmt: skip
        timed("project", rasterise.project, model.shape.mean, turn, *numbers, b.position, b.screen,
              b.inverse_depth)  # fmt: skip
        kept = timed("cull", rasterise.cull, cells, b.screen, STEP * px, b.visible)
        timed("coverage and depth", rasterise.fill, cells, b.visible, kept, b.screen,
              b.inverse_depth, b.nearest)  # fmt: skip
        timed("normals", rasterise.vertex_normals, cells, b.position, b.attributes)
        timed("normals", rasterise.colour_vertices, model.colour.mean, b.attributes)
        n, runs = timed("find runs", resolve.find_runs, b.nearest, STEP, p.runs, p.place, p.covered)
        p.sums[:, :n] = 0
        timed("interpolate", resolve.interpolate, cells, p.runs, runs, b.screen, b.inverse_depth,
              b.attributes, p.sums)  # fmt: skip
        timed("shade and blend", resolve.light, p.sums, p.covered, n, factors)
        timed("shade and blend", resolve.blend, p.sums, p.place, p.covered, n, STEP * STEP,
              np.float32(0.5), image)  # fmt: skip
    return total


def peak_mib() -> float:
    """Most memory this process held; ``getrusage`` would count its parent's."""
    status = Path("/proc/self/status").read_text()
    return float(status.split("VmHWM:")[1].split()[0]) / 1024


def work(folder: str, vertices: int, images: int, start, answers) -> None:
    """One process of the scaling test."""
    generator = opened(Path(folder), 112, head_model(vertices))
    slots = [Slot(i // 20, i % 20) for i in range(images)]
    list(generator.generate(slots[:20]))
    start.wait()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in generator.generate(slots):
        pass
    answers.put(
        (
            time.perf_counter() - wall,
            time.process_time() - cpu,
            peak_mib(),
        )
    )


def scaling(folder: Path, vertices: int, images: int) -> None:
    spawn = multiprocessing.get_context("spawn")
    found = {}
    for count in (1, 2):
        start, answers = spawn.Barrier(count), spawn.Queue()
        given = (str(folder), vertices, images, start, answers)
        workers = [spawn.Process(target=work, args=given) for _ in range(count)]
        for worker in workers:
            worker.start()
        found[count] = np.array([answers.get() for _ in workers])
        for worker in workers:
            worker.join()
    one, two = found[1], found[2]
    rate = 2 * one[:, 0].max() / two[:, 0].max()
    print(f"\n{vertices} vertices, 112 px: two processes {rate:.2f}x one by the clock (with all "
          f"else that runs here), {2 * one[:, 1].mean() / two[:, 1].mean():.2f}x by CPU time; "
          f"{max(one[:, 2].max(), two[:, 2].max()):.0f} MiB at most in each")  # fmt: skip


def against_peers(folder: Path, px: int, count: int, python: str) -> None:
    """From vertices to pixels, ours and theirs, on the same meshes and cameras."""
    model = head_model(SIZES[0], (1, 1, 1))
    renderer = Renderer(model, px, 1.25)
    light, black = illumination.static_frontal(), np.zeros((px, px, 3), np.uint8)
    seen = views(model, px, count)

    def ours():
        return [
            renderer.render(model.shape.mean, model.colour.mean, pose, light, black, camera=camera)
            for pose, camera in seen
        ]

    images = ours()
    cost = min(cpu_ms(ours, count) for _ in range(3))
    turns = [rotation(p.yaw_deg, p.pitch_deg, p.roll_deg) for p, _ in seen]
    file = folder / f"peers-{px}.npz"
    np.savez(
        file,
        size=px,
        cells=model.triangles.T,
        colours=np.rint(255 * model.colour.mean.T).astype(np.uint8),
        vertices=np.stack([posed(model.shape.mean, t).T for t in turns]).astype(np.float32),
        cameras=np.array([(c.scale, c.cx, c.cy) for _, c in seen]),
        outlines=np.stack([i.pixels.max(axis=2) > 0 for i in images]),
    )
    print(f"\nmesh to pixels, {model.vertices} vertices, {px} px, four samples per pixel")
    print(f"    {'ours':<14}{cost:8.2f} ms")
    script = Path(__file__).with_name("render_peers.py")
    for name in PEERS:
        answer = ask([python, str(script), name, str(file)])
        if "absent" in answer:
            print(f"    {name:<14}  absent: {answer['absent']}")
            continue
        print(f"    {name:<14}{answer['ms']:8.2f} ms  {answer['ms'] / cost:6.1f}x ours; outlines "
              f"agree on {answer['agreement']:.1%} of the pixels")  # fmt: skip


def ask(command: list[str]) -> dict:
    """What a peer's process answers, or why it does not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return {"absent": "no answer within 120 s"}
    lines = done.stdout.strip().splitlines()
    return json.loads(lines[-1]) if lines else {"absent": done.stderr.strip()[-100:]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--px", type=int, nargs="+", default=[112, 224])
    parser.add_argument("--peers-python", default=sys.executable)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for px in arguments.px:
            measure("embedded model", opened(folder, px), arguments.images)
        for vertices in SIZES:
            model = head_model(vertices)
            for px in arguments.px:
                measure("synthetic model", opened(folder, px, model), arguments.images)
            del model
            scaling(folder, vertices, arguments.images)
        for px in arguments.px:
            against_peers(folder, px, 40, arguments.peers_python)


if __name__ == "__main__":
    main()
