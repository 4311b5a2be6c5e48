"""The service: a page and an API where a video is dropped and scored."""
