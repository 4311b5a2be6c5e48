"""Whether a student may replace the champion, and the registry where that is written down."""
