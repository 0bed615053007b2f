"""Names that people type for parameters, from other software, and what they are called here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "batch": ("images_per_batch", "people_per_batch"),
    "batch_size": ("images_per_batch", "people_per_batch"),
    "bs": ("images_per_batch", "people_per_batch"),
    "micro_batch": ("images_per_pass",),
    "learning_rate": ("lr",),
    "rate": ("lr",),
    "epoch": ("epochs",),
    "num_epochs": ("epochs",),
    "n_epochs": ("epochs",),
    "max_epochs": ("epochs",),
    "iterations": ("steps",),
    "iters": ("steps",),
    "max_steps": ("steps",),
    "num_steps": ("steps",),
    "num_inference_steps": ("steps",),
    "warmup": ("warm_up_steps",),
    "warmup_steps": ("warm_up_steps",),
    "wd": ("weight_decay",),
    "scheduler": ("schedule",),
    "lr_schedule": ("schedule",),
    "head": ("loss",),
    "criterion": ("loss",),
    "m": ("margin",),
    "s": ("scale",),
    "emb_size": ("embedding_size",),
    "embedding_dim": ("embedding_size",),
    "dim": ("embedding_size",),
    "checkpoint": ("weights", "path"),
    "pretrained": ("weights", "path"),
    "file": ("path", "weights"),
    "model_path": ("path", "weights"),
    "arch": ("variant", "depth"),
    "backbone": ("variant", "depth"),
    "flip_prob": ("mirror_probability",),
    "image_size": ("image_px", "landmark_image_px"),
    "img_size": ("image_px",),
    "resolution": ("image_px",),
    "size": ("image_px",),
    "ids": ("identities",),
    "num_ids": ("identities",),
    "n_ids": ("identities",),
    "num_identities": ("identities",),
    "num_classes": ("identities",),
    "subjects": ("identities",),
    "people": ("identities",),
    "images": ("images_per_id",),
    "images_per_identity": ("images_per_id",),
    "images_per_subject": ("images_per_id",),
    "num_images": ("images_per_id",),
    "samples": ("images_per_id",),
    "samples_per_id": ("images_per_id",),
    "n_per_id": ("images_per_id",),
    "yaw": ("yaw_deg", "yaws_deg"),
    "pitch": ("pitch_deg",),
    "roll": ("roll_deg",),
    "cfg": ("guidance",),
    "cfg_scale": ("guidance",),
    "guidance_scale": ("guidance",),
    "alpha": ("beta_a", "beta_b"),
    "data": ("root",),
    "data_dir": ("root",),
    "dataset": ("root", "source"),
    "dir": ("root",),
    "folder": ("root", "folders"),
    "path": ("root",),
    "bbox": ("boxes",),
    "lmk": ("landmarks",),
    "keypoints": ("landmarks",),
    "far": ("headline_far", "val_far"),
    "fpr": ("headline_far", "val_far"),
    "n_folds": ("folds",),
    "metric": ("distance",),
    "min_face": ("min_face_px",),
    "min_face_size": ("min_face_px",),
    "threshold": ("thresholds",),
}
"""A component has at most a few of the names on the right; those that it has are suggested."""

TRAINING_LENGTH = {"epochs": "steps", "steps": "epochs"}


def meant(name: str, known: Iterable[str]) -> list[str]:
    """Which of the ``known`` parameters is probably meant; empty where no synonym helps."""
    plain = re.sub(r"[-\s]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip("-"))).lower()
    there = set(known)
    if plain != name and plain in there:
        return [plain]
    names = (*SYNONYMS.get(plain, ()), TRAINING_LENGTH.get(plain, ""))
    return [other for other in names if other in there]
