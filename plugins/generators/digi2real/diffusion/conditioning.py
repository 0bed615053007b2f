"""From an identity embedding to the prompt embeddings that condition the diffusion model.

Arc2Face (Papantoniou et al. 2024) fine-tunes the text encoder of Stable Diffusion so that the token
``id`` of the prompt ``photo of a id person`` is an identity: its token embedding is replaced by the
unit face embedding followed by zeros. Everything else is an ordinary forward pass,

    C(z) = LayerNorm(Encoder(E(prompt) with row of ``id`` := [z, 0] + positions))    (tokens, width)

so a plain ``CLIPTextModel`` with a hook on its token embedding does it under every version.
Attention is causal: rows before the ``id`` token are the same for every identity.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.plugin import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

PROMPT = "photo of a id person"
WORD = "id"


class Conditioner:
    """The text encoder with its tokenizer; see :func:`open_conditioner`."""

    def __init__(self, model: Any, tokens: NDArray[np.int64], empty: NDArray[np.int64],
                 identity_token: int) -> None:  # fmt: skip
        self._model = model
        self._tokens, self._empty = torch.from_numpy(tokens), torch.from_numpy(empty)
        places = np.flatnonzero(tokens == identity_token)
        if len(places) != 1:
            raise DataError(
                f"the tokenizer gives {len(places)} tokens {WORD!r} for {PROMPT!r}, not one; "
                "use the tokenizer of Stable Diffusion 1.5"
            )
        self.position = int(places[0])
        self.shape = len(tokens), int(model.config.hidden_size)

    def encode(self, embeddings: NDArray[np.float32]) -> torch.Tensor:
        """C(z) of unit embeddings (N, d), float32 (N, tokens, width) on the CPU.

        Raises DataError when embeddings are longer than the token embedding or not of unit length.
        """
        rows = np.asarray(embeddings, np.float32)
        if rows.ndim != 2 or rows.shape[1] > self.shape[1]:
            raise DataError(
                f"embeddings of shape {rows.shape} do not fit a token of {self.shape[1]} values"
            )
        if len(rows) and np.abs(np.linalg.norm(rows, axis=1) - 1).max() > 1e-3:
            raise DataError("an embedding is not of unit length")
        padded = np.pad(rows, ((0, 0), (0, self.shape[1] - rows.shape[1])))
        return self._forward(self._tokens.expand(len(rows), -1), torch.from_numpy(padded))

    def unconditional(self) -> torch.Tensor:
        """The empty prompt through the same encoder, float32 (tokens, width) on the CPU."""
        return self._forward(self._empty[None], None)[0]

    def _forward(self, tokens: torch.Tensor, rows: torch.Tensor | None) -> torch.Tensor:
        def replace(module: Any, arguments: Any, output: torch.Tensor) -> torch.Tensor:
            replaced = output.clone()
            if rows is not None:
                replaced[:, self.position] = rows.to(output)
            return replaced

        device = next(self._model.parameters()).device
        hook = self._model.get_input_embeddings().register_forward_hook(replace)
        try:
            with torch.inference_mode():
                done: torch.Tensor = self._model(input_ids=tokens.to(device)).last_hidden_state
        finally:
            hook.remove()
        return done.float().cpu()


def open_conditioner(encoder: Path, tokenizer: Path, device: str = "cpu") -> Conditioner:
    """The text encoder in ``encoder`` and the tokenizer in ``tokenizer``, both local folders.

    It works in float32 on ``device``: it is a thousandth of the work. Raises DataError when the
    weights lack an entry of the network or have one of another shape.
    """
    from transformers import CLIPTextModel, CLIPTokenizer
    from transformers.utils import logging

    said: Any = logging
    said.set_verbosity_error()  # what matters of it is raised below, in one sentence
    said.disable_progress_bar()
    network: Any = CLIPTextModel
    try:
        model, found = network.from_pretrained(
            str(encoder),
            local_files_only=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            dtype=torch.float32,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(f"{encoder} cannot be read as a CLIP text encoder: {error}") from error
    require_complete(found, encoder)
    words = CLIPTokenizer.from_pretrained(str(tokenizer), local_files_only=True)
    length = int(model.config.max_position_embeddings)
    return Conditioner(
        model.eval().requires_grad_(False).to(device),
        _tokens(words, PROMPT, length),
        _tokens(words, "", length),
        _identity_token(words, tokenizer),
    )


def require_complete(found: Mapping[str, Any], where: Path) -> None:
    """Refuse weights that left any part of a network random; raises DataError naming the entry.

    ``found`` is the loading information of ``from_pretrained``. Position numbers that older
    checkpoints carry are not weights, so unexpected entries of that name are not an error.
    """
    for kind in ("missing_keys", "mismatched_keys", "error_msgs", "unexpected_keys"):
        names = [name if isinstance(name, str) else str(name[0]) for name in found.get(kind) or ()]
        wrong = sorted(name for name in names if not name.endswith("position_ids"))
        if wrong:
            what = kind.removesuffix("_keys").replace("error_msgs", "unreadable")
            raise DataError(
                f"{where} is not the network it is taken for: {len(wrong)} {what} entries, the "
                f"first is {wrong[0]}; give the folder of the Arc2Face release"
            )


def _tokens(words: Any, text: str, length: int) -> NDArray[np.int64]:
    found = words(text, padding="max_length", max_length=length, truncation=True)
    return np.asarray(found["input_ids"], np.int64)


def _identity_token(words: Any, folder: Path) -> int:
    numbers = words(WORD, add_special_tokens=False)["input_ids"]
    if len(numbers) != 1:
        raise DataError(f"the tokenizer in {folder} cuts {WORD!r} in {len(numbers)} tokens")
    return int(numbers[0])
