"""
What a tick costs, as ratios against a read of the counters alone, timed in the same run on the same server.

    make bench                    5,000 active statements
    make bench ARGS="--statements 1000 --ticks 10"

CPU is that of this process and of its sessions on the server, not wall time: a busy machine does not change it much.
"""

import argparse
import resource

from benchmarks import busy, cost
from pganomaly.service import heap


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(prog="benchmarks", description=__doc__.splitlines()[1])
    arguments.add_argument("--statements", type=int, default=5000)
    arguments.add_argument("--ticks", type=int, default=8)
    given = arguments.parse_args()
    heap.keep()  # as the service does
    with busy.server(given.statements) as server:
        ticks, read, seen = cost.of_ticks(server, given.ticks)
        scripts = cost.of_scripts(server)
        sizes = cost.stored_bytes(server)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    judged_ms = {given.statements * times: cost.of_judging(seen, times) for times in (1, 10)}

    print(f"statements that ran in each window   {given.statements}")
    print(f"COPY BINARY of 22 counters           {read.total_ms:8.1f} ms CPU ({read})")
    print(f"whole tick, commit included          {ticks.total_ms:8.1f} ms CPU ({ticks})")
    print(f"  judge alone, elapsed               {ticks.judge_ms:8.1f} ms")
    for (statements, judge_ms), most_ms in zip(judged_ms.items(), (50, 600), strict=True):
        print(f"  judge, {statements:7} statements          {judge_ms:8.1f} ms CPU (at most {most_ms})")
    print(f"ratio                                {ticks.total_ms / read.total_ms:8.2f}   (at most 5)")
    print(f"five scripts one after another       {scripts.total_ms:8.1f} ms CPU ({scripts})")
    print(f"ratio                                {scripts.total_ms / read.total_ms:8.2f}")
    print("bytes per active statement and window, indexes included:")
    for table, size in sizes.items():
        print(f"  {table:34} {size:8.1f}")
    print(f"  {'together':34} {sum(sizes.values()):8.1f}   (at most 700)")
    print(f"memory of this process, peak         {peak_mb:8.1f} MB (at most 150)")


main()
