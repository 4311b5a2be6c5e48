"""Whether the videos that come in lately are still like those that the student learnt from."""
