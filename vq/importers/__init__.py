"""Label files of others: one small module for each dialect, one table of them."""

from collections.abc import Mapping
from types import MappingProxyType

from vq.importers import (
    cvd2014,
    divide_3k,
    etri_live,
    konvid_1k,
    kvq,
    live_qualcomm,
    live_vqc,
    live_yt_gaming,
    lsvq,
    maxwell,
    vq_csv,
    youtube_ugc,
)
from vq.importers.importer_types import Form

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "own": vq_csv.FORM,
        "konvid-1k": konvid_1k.FORM,
        "live-vqc": live_vqc.FORM,
        "youtube-ugc": youtube_ugc.FORM,
        "lsvq": lsvq.FORM,
        "cvd2014": cvd2014.FORM,
        "live-qualcomm": live_qualcomm.FORM,
        "kvq": kvq.FORM,
        "divide-3k": divide_3k.FORM,
        "maxwell": maxwell.FORM,
        "live-yt-gaming": live_yt_gaming.FORM,
        "etri-live": etri_live.FORM,
    }
)
"""Name on the command line -> dialect. Each one but the last few takes the field's list, too."""
