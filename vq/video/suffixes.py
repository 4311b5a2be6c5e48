"""How the name of a video in a folder ends."""

# fmt: off
SUFFIXES = frozenset(
    {
        ".3gp", ".avi", ".flv", ".h264", ".hevc", ".ivf", ".m2ts", ".m4v",
        ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".nut",
        ".obu", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m",
    }
)
# fmt: on
"""How a video in a folder ends; a file that is named outright may be called anything."""
