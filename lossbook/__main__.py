"""The command line: ``python -m lossbook timing --device cpu --out book/_data/timings/``."""

import argparse
import sys
from pathlib import Path

import torch

from lossbook import timing
from lossbook.catalog import row
from lossbook.timing.forms import why_left_out


def main(arguments: list[str] | None = None) -> int:
    """Run one of the tools; 0 if all went well."""
    parser = argparse.ArgumentParser(prog="python -m lossbook", description="The tools of the Loss Book.")
    tools = parser.add_subparsers(title="tools", required=True)
    _add_timing(tools.add_parser("timing", help="record how long each loss takes here, and how much memory"))
    options = parser.parse_args(arguments)
    return int(options.run(options))


def _add_timing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="default: %(default)s")
    parser.add_argument("--out", type=Path, required=True, help="folder of the json file")
    parser.add_argument("--losses", nargs="+", metavar="NAME", help="only these, e.g. huber_loss")
    parser.add_argument("--sizes", nargs="+", type=_size, metavar="N", help="elements of an input, e.g. 1e4 1e6")
    parser.add_argument(
        "--rounds", type=_rounds, default=timing.ROUNDS, help="turns that each form has (default: %(default)s)"
    )
    parser.add_argument("--compile", action="store_true", help="time torch.compile of the readable form as well")
    parser.add_argument("--fresh", action="store_true", help="replace what is recorded, rather than go on from there")
    parser.set_defaults(run=_timing)


def _timing(options: argparse.Namespace) -> int:
    if options.device == "cuda" and not torch.cuda.is_available():
        print(f"torch {torch.__version__} sees no CUDA device here: try --device cpu", file=sys.stderr)
        return 2
    try:
        run, path = timing.record(
            torch.device(options.device),
            options.out,
            losses=options.losses,
            sizes=options.sizes,
            rounds=options.rounds,
            compiled=options.compile,
            fresh=options.fresh,
        )
    except (KeyError, ValueError) as error:
        print(error.args[0], file=sys.stderr)
        return 2
    print(timing.ratios(run), f"written to {path}", sep="\n\n")
    # That torch lacks a loss is a fact; that ours disagrees with torch's is a fault.
    return int(any(why_left_out(row(name)) is None for name in run.left_out))


def _size(text: str) -> int:
    size = int(float(text))
    if size < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of elements")
    return size


def _rounds(text: str) -> int:
    rounds = int(text)
    if rounds < 2:
        raise argparse.ArgumentTypeError("a spread needs at least 2 rounds")
    return rounds


if __name__ == "__main__":
    sys.exit(main())
