"""`curate pack`: a data set as sequences of tokens."""

from __future__ import annotations

import argparse
import os
from typing import Any, get_args

from curation.commands.options import whole
from curation.errors import UserError
from curation.mixing.loading.folder import open_folder
from curation.mixing.pack import Last, check_folder, pack
from curation.mixing.packing.files import FORMATS
from curation.mixing.packing.part import PackSettings
from curation.progress import Progress
from curation.storage import normalise
from curation.token_counts.open import open_tokenizer
from curation.token_counts.tokenizer import Tokenizer

_LEAST_LENGTH = 2
_MOST_LENGTH = 1 << 24


def add_to(commands: Any) -> None:
    """The command."""
    parser = commands.add_parser(
        "pack", help="pack shards as sequences of tokens", description=pack_command.__doc__
    )
    parser.add_argument("shards", help="the data set's folder, such as RUN/shards")
    parser.add_argument(
        "--tokenizer",
        default="bundled:cl100k_base",
        metavar="T",
        help="a tokenizer.json or its folder, OWNER/NAME, a file of ranks (%(default)s)",
    )
    parser.add_argument(
        "--length", type=whole, default=2048, metavar="N", help="tokens of a sequence (%(default)s)"
    )
    parser.add_argument("--output", required=True, metavar="DIR", help="where sequences go")
    parser.add_argument("--format", choices=FORMATS, default="numpy", help="(%(default)s)")
    parser.add_argument(
        "--last",
        choices=get_args(Last),
        default="pad",
        help="the last sequence, if short: filled up with end tokens, or left out (%(default)s)",
    )
    parser.add_argument(
        "--end-token", type=whole, metavar="ID", help="between documents (the tokenizer's own)"
    )
    parser.add_argument(
        "--processes",
        type=whole,
        default=os.cpu_count(),
        metavar="N",
        help="shards packed at the same time (%(default)s)",
    )
    parser.set_defaults(command=pack_command)


def pack_command(options: argparse.Namespace) -> int:
    """Packs the texts of a data set into sequences of equal length, documents' borders kept.

    DIR/index.json tells of the files. The same command goes on where it was stopped.
    """
    if not _LEAST_LENGTH <= options.length <= _MOST_LENGTH:
        raise UserError(f"--length {options.length}: {_LEAST_LENGTH} to {_MOST_LENGTH} tokens")
    if not options.processes:
        raise UserError("--processes 0: 1 at least")
    output = normalise(options.output)
    check_folder(output)
    folder, tokenizer = open_folder(options.shards), open_tokenizer(options.tokenizer)
    settings = PackSettings(
        data=folder.identity,
        tokenizer=tokenizer.name,
        sha256=tokenizer.sha256,
        length=options.length,
        end_token=_end_token(tokenizer, options.end_token),
        vocabulary=tokenizer.vocabulary,
        format=options.format,
    )
    with Progress().step("packing"):
        index = pack(folder, settings, output, last=options.last, processes=options.processes)
    _show(index, output)
    return 0


def _end_token(tokenizer: Tokenizer, given: int | None) -> int:
    end = tokenizer.end_of_document if given is None else given
    if end is None:
        raise UserError(f"{tokenizer.name}: has no end token that is known: give --end-token ID")
    if end >= tokenizer.vocabulary:
        raise UserError(f"--end-token {end}: the tokenizer has ids below {tokenizer.vocabulary}")
    return end


def _show(index: dict[str, Any], output: str) -> None:
    print(
        f"{output}: {index['sequences']:,} sequences of {index['length']:,} tokens"
        f" ({index['dtype']}) of {index['documents']:,} documents with {index['tokens']:,} tokens,"
        f" end tokens ({index['settings']['end_token']}) among them"
    )
    if index["empty_documents"]:
        print(f"{index['empty_documents']:,} documents had no token")
    if index["padded_tokens"]:
        print(f"the last sequence was filled up with {index['padded_tokens']:,} end tokens")
    if index["dropped_tokens"]:
        print(f"the last {index['dropped_tokens']:,} tokens were left out")
