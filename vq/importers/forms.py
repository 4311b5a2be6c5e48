"""The table of all dialects of label files that `vq labels` reads."""

from collections.abc import Mapping
from types import MappingProxyType

from vq.importers import cvd2014, datasets, live_qualcomm, maxwell, vq_csv
from vq.importers.importer_types import Form

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "own": vq_csv.FORM,
        "konvid-1k": datasets.KONVID_1K,
        "live-vqc": datasets.LIVE_VQC,
        "youtube-ugc": datasets.YOUTUBE_UGC,
        "lsvq": datasets.LSVQ,
        "cvd2014": cvd2014.FORM,
        "live-qualcomm": live_qualcomm.FORM,
        "kvq": datasets.KVQ,
        "divide-3k": datasets.DIVIDE_3K,
        "maxwell": maxwell.FORM,
        "live-yt-gaming": datasets.LIVE_YT_GAMING,
        "etri-live": datasets.ETRI_LIVE,
    }
)
"""Name on the command line -> dialect. Each one but the last few takes the field's list, too."""
