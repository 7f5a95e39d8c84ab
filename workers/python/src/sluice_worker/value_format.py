"""The value format in words that its writer and its reader share."""

from __future__ import annotations

import datetime

from .errors import SluiceError

#: Levels of nesting that a value may have.
VALUE_DEPTH_MAX = 500
#: Extension that a document with extensions begins with: its one byte is the version of the format.
HEADER = b"\xd4\x00\x01"
#: What dates count from.
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class ValueFault(SluiceError):
    """Bytes that are no value (`value_bad_encoding`), or a value that cannot be written (`value_not_serializable`)."""
