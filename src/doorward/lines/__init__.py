"""
The line protocol without I/O: bytes in, events out, bytes to send.

Whoever brings the I/O to a `LineSession` takes these steps, in this order:

1. Send `session.bytes_to_send()`, which holds the greeting.
2. On bytes: `session.receive_data(data)`; on the end of the peer's side: `session.receive_eof()`.
3. Take `session.next_event()` until it gives None, and answer each: `logged_in` or `login_refused`; for a
   line `run_started` when it became a run, `output` as it comes, and `run_ended`, after which step 3 begins
   again.
4. Send `session.bytes_to_send()`; one write for all that was answered is best.
5. When `session.is_over`, close once all is sent; leave the answer that is under way. Otherwise close when
   `session.patience_seconds` have passed since the last answer began or ended, unless that is None.
6. Read on only while `session.wants_data`.
"""
