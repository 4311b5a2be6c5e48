"""Why a source cannot be had: a status for tables, a sentence for people."""

from vq.errors import VqError

STATUSES = {
    "ok": "the file is here, and its hash is right",
    "not_allowed": "params do not allow its licence, its kind or its registry",
    "offline": "it is in none of the folders, and the network was not to be asked",
    "unreachable": "the server or the registry does not answer",
    "gone": "the server or the registry does not have it any more",
    "altered": "what came is not the file that the table means: its hash differs",
    "truncated": "the download ended early, more than once",
    "too_large": "it is larger than the limits in params allow",
    "unsafe_archive": "the archive has names that lead out of it, or is no archive",
    "not_in_archive": "the archive has no such file",
    "no_client": "the program that asks the registry is not installed",
    "no_space": "the disk has no room for it",
}
"""What `report.csv` may say of a source."""


class UnavailableError(VqError):
    """A source cannot be had; the others may be."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
