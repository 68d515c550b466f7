"""Server-Sent Events as bytes; pure. Where a stream goes on, `queries.event_offset_of` reads."""

RETRY_MILLISECONDS = 1000
"""How soon whoever lost a stream connects again."""

BEGIN = b"retry: %d\n\n" % RETRY_MILLISECONDS
"""What comes first."""

BEAT = b": still running\n\n"
"""A comment that keeps a silent stream from being taken for a dead one."""


def server_sent(data: bytes, *, name: str = "", event_id: str = "") -> bytes:
    """
    One event.

    Args:
        data: one line, without its ending.
        name: of the event; empty for `message`, which needs no name.
        event_id: what the client says as `Last-Event-ID` when it comes again; empty leaves the last one.

    Source: the HTML Standard, section 9.2.
    """
    head = (f"event: {name}\n" if name else "") + (f"id: {event_id}\n" if event_id else "")
    return b"%bdata: %b\n\n" % (head.encode("ascii"), data)
