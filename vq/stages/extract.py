"""Stage: run the experts of the zoo over the accepted videos."""

import os
from pathlib import Path

from vq import params as schema
from vq.data import manifest
from vq.data.paths import inside
from vq.errors import DataError
from vq.features.cache import Cache
from vq.files import write_json
from vq.words import count, which
from vq.zoo import extract as zoo
from vq.zoo.task import Video


def extract(
    *,
    accepted: Path,
    videos: Path,
    weights: Path,
    cache: Path,
    index: Path,
    params: schema.Extract,
    jobs: int = 0,
) -> None:
    """Fill the cache with what it lacks, and write the index of what is in it.

    `weights` is the folder of the files that params name; hashes of what hubs send for the first
    time are added to `hub.lock` in it. What is in the `cache` stays. `jobs` are processes, 0 for
    one on each core.

    Raises:
        BusyError: another process is writing the cache.
        DataError: more than `params.max_failed` of the videos fail.
        ParamsError: an expert is unknown or wrongly set, or its weights lie elsewhere.
        WeightsError: weights are missing, altered or do not fit.
        VqError: the disk is full, or a file is gone; run again, it resumes.
    """
    table = manifest.read(accepted)
    wanted = [
        Video(sha, path)
        for sha, path in zip(table["sha256"], inside(videos, table["video"]), strict=True)
    ]
    with Cache(cache).hold():
        experts = zoo.create(params, weights=weights)
        planned = zoo.plan(params, experts, cache, weights=weights)
        failed = zoo.run(wanted, planned, experts, jobs=jobs)
        if len(failed) > params.max_failed * len(wanted):
            names = {video.sha256: video.path for video in wanted}
            examples = "; ".join(f"{names[sha]}: {why}" for sha, why in list(failed.items())[:3])
            raise DataError(
                f"{len(failed)} of {count(len(wanted), 'video')} "
                f"{which(len(failed), 'fails', 'fail')}, "
                f"more than extract.max_failed ({params.max_failed:g}) allows: {examples}. Mend or "
                "remove them, or raise the limit"
            )
        document = zoo.index(wanted, planned, experts, failed)
        document["cache"] = os.path.relpath(cache, index.parent)
    write_json(index, document, indent=1, sort_keys=True)
