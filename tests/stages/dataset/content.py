"""Read a whole file of a source."""

from stages.dataset.sources import opened
from stages.params.dataset import Source


def content_of(source: Source, name: str) -> bytes:
    with opened(source) as open_file, open_file(name) as stream:
        return stream.read()
