from stages.dataset.source import SourceError
from stages.dataset.transfer import TransferError


def test_a_source_that_fails_is_not_a_file_that_it_lacks() -> None:
    # After the one, the next source is tried; the other is held against the file.
    assert not issubclass(SourceError, TransferError)
    assert not issubclass(TransferError, SourceError)
