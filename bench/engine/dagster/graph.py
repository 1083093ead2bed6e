"""Runs assets that do nothing in Dagster and prints how long it took, as JSON.

    python graph.py <wide|chain> <in_process|multiprocess> <assets>

DAGSTER_HOME is where it keeps its ledger (SQLite). The clock stops when the run is over; importing Dagster and building the
definitions are not counted.
"""

import json
import os
import sys
import time

import dagster
from dagster import AssetsDefinition, DagsterInstance, Definitions, asset, define_asset_job, execute_job
from dagster import in_process_executor, multiprocess_executor, reconstructable


def assets(shape: str, count: int) -> list[AssetsDefinition]:
    made = []
    for index in range(count):
        deps = [made[-1]] if shape == "chain" and made else []

        @asset(name=f"a{index:06d}", deps=deps)
        def nothing() -> None:
            pass

        made.append(nothing)
    return made


def job():
    """Called again in every process of a step, as its launcher does."""
    shape, executor, count = json.loads(os.environ["BENCH_GRAPH"])
    chosen = in_process_executor if executor == "in_process" else multiprocess_executor
    definitions = Definitions(
        assets=assets(shape, count),
        jobs=[define_asset_job("all_assets", selection="*", executor_def=chosen)],
    )
    return definitions.get_job_def("all_assets")


if __name__ == "__main__":
    shape, executor, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    os.environ["BENCH_GRAPH"] = json.dumps([shape, executor, count])
    instance = DagsterInstance.get()
    recon = reconstructable(job)
    recon.get_definition()
    started = time.perf_counter()
    with execute_job(recon, instance=instance) as result:
        seconds = time.perf_counter() - started
        assert result.success
    print(json.dumps({"version": dagster.__version__, "seconds": seconds, "steps": count}))
