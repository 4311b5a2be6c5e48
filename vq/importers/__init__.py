"""Label files of others: one small module for each dialect, one table of them."""

from collections.abc import Mapping
from types import MappingProxyType

from vq.importers import cvd2014
from vq.importers import divide_3k
from vq.importers import etri_live
from vq.importers import konvid_1k
from vq.importers import kvq
from vq.importers import live_qualcomm
from vq.importers import live_vqc
from vq.importers import live_yt_gaming
from vq.importers import lsvq
from vq.importers import maxwell
from vq.importers import vq_csv
from vq.importers import youtube_ugc
from vq.importers.dataset_format import Form

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
