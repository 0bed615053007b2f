"""What handing shards to Dask costs: time a task, and memory of the client that hands them out.

    python perf/dask_overhead.py [SHARDS]

Prints milliseconds a shard of no work (the local executor beside it), shards a second, and how much
the memory of the client, which is also the scheduler of a local cluster, grew.
"""

from __future__ import annotations

import operator
import sys
import tempfile
import time
from pathlib import Path

import psutil

from harness.extensions import Setup
from harness.registry import load
from harness.services import open_executor


def measure(name: str, shards: int, jobs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        executor = open_executor(load(), name)
        executor.open(Setup(folders=(Path(folder),), jobs=jobs))
        try:
            warm = sum(1 for _ in executor.run_shards(operator.mul, 3, range(jobs * 8), jobs))
            process = psutil.Process()
            before, start, cpu = process.memory_info().rss, time.perf_counter(), time.process_time()
            peak, count = before, 0
            for _ in executor.run_shards(operator.mul, 3, range(shards), jobs):
                count += 1
                if count % 500 == 0:
                    peak = max(peak, process.memory_info().rss)
            wall = time.perf_counter() - start
            assert count == shards, (count, warm)
            spent = time.process_time() - cpu
            grown = (peak - before) / 2**20
            print(
                f"{name:>6}: {shards} shards in {wall:.1f} s, {1000 * wall / shards:.2f} ms each "
                f"(client {1000 * spent / shards:.2f} ms of CPU), memory {grown:.0f} MiB more"
            )
        finally:
            executor.close()


def main() -> None:
    shards = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    for name in ("local", "dask"):
        measure(name, shards, 2)


if __name__ == "__main__":
    main()
