"""How the name of a video in a folder ends."""

# fmt: off
SUFFIXES = frozenset(
    {
        # containers
        ".3g2", ".3gp", ".3gpp", ".amv", ".apng", ".asf", ".avi", ".divx", ".dv", ".dvr-ms",
        ".f4v", ".flv", ".gif", ".gxf", ".insv", ".lrv", ".m2t", ".m2ts", ".m4v", ".mj2", ".mk3d",
        ".mkv", ".mod", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf", ".nsv", ".nut",
        ".ogg", ".ogm", ".ogv", ".ogx", ".qt", ".rm", ".rmvb", ".tod", ".trp", ".ts", ".vob",
        ".webm", ".wmv", ".wtv", ".xvid", ".y4m",
        # streams without one, and recorders' own
        ".264", ".265", ".266", ".av1", ".avc", ".dav", ".h261", ".h263", ".h264", ".h265",
        ".h266", ".hevc", ".ivf", ".m1v", ".m2v", ".mjpeg", ".mjpg", ".mpv", ".obu", ".vc1",
        ".vvc",
    }
)
# fmt: on
"""How a video in a folder ends; a file that is named outright may be called anything."""
