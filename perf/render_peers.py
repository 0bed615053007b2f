"""Renders the meshes of a file with another renderer; run by ``render.py``, one peer a process.

    python perf/render_peers.py PEER MESHES.npz

Prints one line of JSON: CPU milliseconds an image (all threads), and the share of pixels on which
its outline agrees with ours; or why the peer cannot be used. Every mesh is new to the renderer, as
every face is to ours: its normals are computed, it is uploaded, drawn and read back.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np

os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")


def vtk_renderer(size, cells, colours):
    import vtk
    from vtk.util import numpy_support

    vtk.vtkObject.GlobalWarningDisplayOff()
    mesh, window, stage = vtk.vtkPolyData(), vtk.vtkRenderWindow(), vtk.vtkRenderer()
    flat = np.concatenate([np.full((len(cells), 1), 3), cells], axis=1).astype(np.int64)
    polygons = vtk.vtkCellArray()
    polygons.SetCells(len(cells), numpy_support.numpy_to_vtkIdTypeArray(flat.ravel(), deep=1))
    mesh.SetPolys(polygons)
    mesh.GetPointData().SetScalars(numpy_support.numpy_to_vtk(colours, deep=1))
    smooth = vtk.vtkPolyDataNormals()
    smooth.SetInputData(mesh)
    smooth.SplittingOff()
    smooth.ConsistencyOff()
    mapper, actor = vtk.vtkPolyDataMapper(), vtk.vtkActor()
    mapper.SetInputConnection(smooth.GetOutputPort())
    actor.SetMapper(mapper)
    actor.GetProperty().BackfaceCullingOn()
    stage.AddActor(actor)
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(4)
    window.SetSize(size, size)
    window.AddRenderer(stage)
    camera, points = stage.GetActiveCamera(), vtk.vtkPoints()
    camera.SetPosition(0, 0, 0)
    camera.SetFocalPoint(0, 0, -1)
    camera.SetClippingRange(500, 2000)

    def draw(vertices, scale, cx, cy):
        points.SetData(numpy_support.numpy_to_vtk(vertices, deep=1))
        mesh.SetPoints(points)
        mesh.Modified()
        camera.SetViewAngle(2 * np.degrees(np.arctan(size / 2 / scale)))
        camera.SetWindowCenter(1 - 2 * cx / size, 2 * cy / size - 1)
        window.Render()
        pixels = vtk.vtkUnsignedCharArray()
        window.GetRGBACharPixelData(0, 0, size - 1, size - 1, 1, pixels)
        found = numpy_support.vtk_to_numpy(pixels).reshape(size, size, 4)
        return found[::-1, :, :3].max(axis=2) > 0

    return draw


def pyrender_renderer(size, cells, colours):
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    os.environ.setdefault("EGL_PLATFORM", "surfaceless")
    import pyrender
    import trimesh

    window = pyrender.OffscreenRenderer(size, size)

    def draw(vertices, scale, cx, cy):
        # Its camera looks at the middle of the image: shear what is off it.
        aside = np.array([cx - size / 2, size / 2 - cy, 0]) / scale
        sheared = vertices - vertices[:, 2:] * aside
        shape = trimesh.Trimesh(sheared, cells, vertex_colors=colours, process=False)
        view = pyrender.PerspectiveCamera(2 * np.arctan(size / 2 / scale), znear=500, zfar=2000)
        scene = pyrender.Scene(bg_color=(0, 0, 0, 0), ambient_light=(0.3, 0.3, 0.3))
        scene.add(pyrender.Mesh.from_trimesh(shape))
        scene.add(pyrender.DirectionalLight(intensity=3.0))
        scene.add(view)
        return window.render(scene)[1] > 0

    return draw


def open3d_renderer(size, cells, colours):
    import open3d

    window = open3d.visualization.rendering.OffscreenRenderer(size, size)
    window.scene.set_background([0, 0, 0, 1])
    material = open3d.visualization.rendering.MaterialRecord()
    material.shader = "defaultLit"
    faces = open3d.utility.Vector3iVector(cells)
    paint = open3d.utility.Vector3dVector(colours / 255.0)

    def draw(vertices, scale, cx, cy):
        mesh = open3d.geometry.TriangleMesh(open3d.utility.Vector3dVector(vertices), faces)
        mesh.vertex_colors = paint
        mesh.compute_vertex_normals()
        window.scene.clear_geometry()
        window.scene.add_geometry("face", mesh, material)
        inner = np.array([[scale, 0, cx], [0, scale, cy], [0, 0, 1]])
        window.setup_camera(inner, np.diag([1.0, -1.0, -1.0, 1.0]), size, size)
        return np.asarray(window.render_to_image()).max(axis=2) > 0

    return draw


def open3d_rays_renderer(size, cells, colours):
    """Ray casting with its CPU core; four rays a pixel, normals from its hits, shaded by numpy."""
    import open3d

    core = open3d.core
    faces = core.Tensor(cells.astype(np.uint32))
    row, column = np.indices((2 * size, 2 * size)) / 2 + 0.25

    def draw(vertices, scale, cx, cy):
        scene = open3d.t.geometry.RaycastingScene(nthreads=1)
        scene.add_triangles(core.Tensor(vertices.astype(np.float32)), faces)
        way = [(column - cx) / scale, (cy - row) / scale, -np.ones_like(row)]
        rays = np.stack([np.zeros_like(row)] * 3 + way, -1).astype(np.float32)
        hits = scene.cast_rays(core.Tensor(rays))
        cell = hits["primitive_ids"].numpy()
        seen = cell != scene.INVALID_ID
        bright = 0.8 + 0.2 * np.abs(hits["primitive_normals"].numpy()[seen][:, 2:])
        image = np.zeros((2 * size, 2 * size, 3), np.float32)
        image[seen] = colours[cells[cell[seen], 0]] * bright
        small = image.reshape(size, 2, size, 2, 3).mean(axis=(1, 3)).astype(np.uint8)
        return small.max(axis=2) > 0

    return draw


PEERS = {
    "vtk": vtk_renderer,
    "pyrender": pyrender_renderer,
    "open3d": open3d_renderer,
    "open3d-rays": open3d_rays_renderer,
}


def measure(name: str, path: str) -> dict:
    file = np.load(path)
    draw = PEERS[name](int(file["size"]), file["cells"], file["colours"])
    draw(file["vertices"][0], *file["cameras"][0])
    start = time.process_time()
    outlines = [draw(v, *c) for v, c in zip(file["vertices"], file["cameras"], strict=True)]
    cost = (time.process_time() - start) / len(outlines)
    return {"ms": 1e3 * cost, "agreement": float(np.mean(np.stack(outlines) == file["outlines"]))}


if __name__ == "__main__":
    try:
        answer = measure(sys.argv[1], sys.argv[2])
    except Exception as error:  # noqa: BLE001 (whatever stops a peer is its answer)
        answer = {"absent": f"{type(error).__name__}: {error}".splitlines()[0]}
    print(json.dumps(answer))
