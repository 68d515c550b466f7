"""
Every limit that a keeper may set: its unit, default and range, and where the figure comes from.

A configuration sets them by these names under `[limits]`. A bound that is a mechanism's own, such as the
size of one read, stands beside that mechanism. Nothing that a peer can make grow is without one of the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from doorward.core.units import KIB, MIB


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """
    What is known of one limit beside its value.

    Attributes:
        unit: `bytes`, `seconds`, or what is counted.
        least: the smallest value that it may be set to.
        most: the largest.
        source: why this default.
    """

    unit: str
    least: float
    most: float
    source: str


def _limit(default: Any, *, unit: str, least: float, most: float, source: str) -> Any:
    facts = LimitFacts(unit=unit, least=least, most=most, source=source)
    return field(default=default, metadata={"limit": facts})


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltyLimits:
    """
    What a source pays for trying in vain to log in, under `[limits.penalties]`.

    Attributes:
        exempt: networks that pay nothing, each `192.0.2.0/24` or one address.

    Source: PerSourcePenalties of sshd_config(5), OpenSSH 9.8.
    """

    failed_login_seconds: float = _limit(
        5.0, unit="seconds for each wrong login", least=0.0, most=86_400, source="OpenSSH's authfail"
    )
    late_login_seconds: float = _limit(
        10.0,
        unit="seconds for each connection that ran out of time before its login",
        least=0.0,
        most=86_400,
        source="OpenSSH's grace-exceeded",
    )
    no_login_seconds: float = _limit(
        1.0,
        unit="seconds for each connection that ended without a try",
        least=0.0,
        most=86_400,
        source="OpenSSH's noauth",
    )
    least_seconds: float = _limit(
        15.0,
        unit="seconds that must have come together to count",
        least=0.0,
        most=86_400,
        source="OpenSSH's min",
    )
    most_seconds: float = _limit(
        600.0,
        unit="seconds that a source is shut out at most",
        least=0.0,
        most=86_400,
        source="OpenSSH's max",
    )
    sources: int = _limit(
        65_536, unit="sources remembered", least=16, most=1_000_000, source="OpenSSH's max-sources4"
    )
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All that a keeper may set; each field is one or a table of them, `facts()` tells about them."""

    # Doors
    connections: int = _limit(
        1024, unit="connections of one door", least=1, most=1_000_000, source="sized for 256 MiB at worst"
    )
    connections_per_source: int = _limit(
        32,
        unit="connections of one source at one door",
        least=1,
        most=1_000_000,
        source="a browser opens six",
    )
    not_logged_in: int = _limit(
        100,
        unit="connections of one door before their login",
        least=1,
        most=1_000_000,
        source="OpenSSH's MaxStartups 10:30:100",
    )
    early_refusals_from: int = _limit(
        10,
        unit="of them, from which number on some are refused",
        least=1,
        most=1_000_000,
        source="OpenSSH's MaxStartups 10:30:100",
    )
    early_refusals_percent: int = _limit(
        30,
        unit="of a hundred then, how many are refused",
        least=0,
        most=100,
        source="OpenSSH's MaxStartups 10:30:100",
    )
    not_logged_in_per_source: int = _limit(
        10,
        unit="connections of one source at one door before their login",
        least=1,
        most=1_000_000,
        source="the share of one in MaxStartups",
    )
    new_per_second: int = _limit(
        10, unit="new connections a second of one source", least=1, most=1_000_000, source="ours"
    )
    new_burst: int = _limit(
        10, unit="new connections of one source at once", least=1, most=1_000_000, source="ours"
    )
    handshake_seconds: float = _limit(
        10.0, unit="seconds of a TLS handshake", least=0.1, most=600, source="CIS asks for 10 s of a request"
    )
    login_bytes: int = _limit(
        64 * KIB,
        unit="bytes that a peer may send before its login",
        least=KIB,
        most=MIB,
        source="a handshake takes 2 KiB, with a client's chain 16",
    )
    keepalive_idle_seconds: int = _limit(
        60,
        unit="seconds of silence before a peer is probed",
        least=1,
        most=32_767,
        source="OpenSSH's ClientAlive",
    )
    keepalive_interval_seconds: int = _limit(
        10,
        unit="seconds between two probes",
        least=1,
        most=32_767,
        source="70 s in all until a silent peer is given up",
    )
    keepalive_probes: int = _limit(
        3,
        unit="probes without an answer; Linux has unacknowledged_seconds count instead",
        least=1,
        most=127,
        source="as ClientAliveCountMax",
    )
    unacknowledged_seconds: float = _limit(
        30.0,
        unit="seconds that what was sent may stay unacknowledged, and a probed peer silent",
        least=0.1,
        most=3600,
        source="RFC 5482",
    )
    stalled_write_seconds: float = _limit(
        30.0, unit="seconds", least=0.1, most=3600, source="nginx send_timeout is 60 s between two writes"
    )
    write_buffer_bytes: int = _limit(
        256 * KIB,
        unit="bytes of one connection",
        least=KIB,
        most=64 * MIB,
        source="a window of OpenSSH's size",
    )

    # Lines
    line_bytes: int = _limit(
        8 * KIB,
        unit="bytes without the ending",
        least=64,
        most=MIB,
        source="nginx large_client_header_buffers",
    )
    frame_bytes: int = _limit(
        64 * KIB,
        unit="bytes of one frame's content",
        least=64 * KIB,
        most=MIB,
        source="a pipe's size on Linux",
    )
    first_line_seconds: float = _limit(
        60.0, unit="seconds to the first line", least=0.1, most=86_400, source="nginx client_header_timeout"
    )
    idle_seconds: float = _limit(
        60.0,
        unit="seconds between two lines",
        least=0.1,
        most=86_400,
        source="nginx keepalive_timeout is 75 s",
    )
    login_seconds: float = _limit(
        20.0,
        unit="seconds from the connection to the login",
        least=0.1,
        most=600,
        source="LoginGraceTime, tightened",
    )

    # The web door
    http_head_bytes: int = _limit(
        16 * KIB,
        unit="bytes of a request's head",
        least=KIB,
        most=MIB,
        source="nginx takes 8 KiB a line",
    )
    http_head_fields: int = _limit(
        64, unit="fields of a request's head", least=8, most=1024, source="a browser sends 20"
    )
    http_head_seconds: float = _limit(
        10.0, unit="seconds of a request's head", least=0.1, most=600, source="CIS asks for 10 s"
    )
    http_body_bytes: int = _limit(
        2 * MIB, unit="bytes of a request's body", least=KIB, most=128 * MIB, source="a run's input as base64"
    )
    http_body_seconds: float = _limit(
        30.0,
        unit="seconds of a request's body",
        least=0.1,
        most=3600,
        source="nginx waits 60 s",
    )
    http_keep_alive_seconds: float = _limit(
        15.0, unit="seconds between two requests", least=0.1, most=3600, source="Apache has 5 s, nginx 75"
    )
    web_idle_seconds: float = _limit(
        1800.0,
        unit="seconds that an unused browser stays signed in",
        least=10,
        most=604_800,
        source="OWASP ASVS",
    )
    web_seconds: float = _limit(
        43_200.0, unit="seconds that a browser stays signed in", least=10, most=2_592_000, source="OWASP ASVS"
    )
    web_sessions: int = _limit(
        10_000, unit="browsers signed in", least=1, most=1_000_000, source="10 MiB at worst"
    )
    web_sessions_per_user: int = _limit(
        32, unit="browsers of one user signed in", least=1, most=1024, source="ours"
    )

    # SSH
    ssh_tries: int = _limit(
        6,
        unit="passwords and keys of one connection that may be refused",
        least=1,
        most=100,
        source="OpenSSH's MaxAuthTries",
    )
    ssh_channels: int = _limit(
        10, unit="sessions of one connection at once", least=1, most=1000, source="OpenSSH's MaxSessions"
    )
    ssh_window_bytes: int = _limit(
        256 * KIB,
        unit="bytes of input that one session may have waiting",
        least=32 * KIB,
        most=64 * MIB,
        source="a run's input is 1 MiB; OpenSSH has 2 MiB",
    )
    ssh_waiting_bytes: int = _limit(
        4 * MIB,
        unit="bytes of one connection that wait while keys are agreed",
        least=MIB,
        most=64 * MIB,
        source="ten windows and more",
    )
    ssh_rekey_bytes: int = _limit(
        1024 * MIB,
        unit="bytes sent until keys are agreed anew",
        least=MIB,
        most=64 * 1024 * MIB,
        source="RFC 4253 section 9",
    )
    ssh_rekey_seconds: float = _limit(
        3600.0, unit="seconds until keys are agreed anew", least=10, most=86_400, source="RFC 4253 section 9"
    )
    ssh_alive_seconds: float = _limit(
        30.0,
        unit="seconds of silence before a client is asked for a sign of life, three times",
        least=1,
        most=3600,
        source="OpenSSH's ClientAlive",
    )
    ssh_history_lines: int = _limit(
        500,
        unit="lines that the prompt remembers of one user",
        least=0,
        most=100_000,
        source="bash's HISTSIZE",
    )

    # Commands
    timeout_seconds: float = _limit(
        60.0, unit="seconds of one run", least=0.05, most=604_800, source="NRPE's command_timeout"
    )
    output_bytes: int = _limit(
        MIB,
        unit="bytes of one run, both streams",
        least=64,
        most=64 * MIB,
        source="NRPE cuts at 64 KiB and says nothing",
    )
    input_bytes: int = _limit(
        MIB, unit="bytes of one run's stdin", least=0, most=64 * MIB, source="as its output"
    )
    arguments: int = _limit(64, unit="words after the command's name", least=1, most=1024, source="ours")
    argument_bytes: int = _limit(
        4 * KIB, unit="bytes of one word", least=16, most=128 * KIB, source="PATH_MAX"
    )
    grace_seconds: float = _limit(
        5.0, unit="seconds from TERM to KILL", least=0.0, most=600, source="ours; systemd waits 90 s"
    )
    unkillable_seconds: float = _limit(
        5.0, unit="seconds from KILL to giving up", least=0.1, most=600, source="ours"
    )
    linger_seconds: float = _limit(
        10.0, unit="seconds from the last reader's leaving to the stop", least=0.0, most=86_400, source="ours"
    )

    # Places
    runs: int = _limit(
        32, unit="runs at once", least=1, most=1024, source="uptime takes 1 ms; 32 keep two cores busy"
    )
    runs_per_user: int = _limit(
        8, unit="runs at once of one user", least=1, most=1024, source="a quarter of all"
    )
    runs_of_guests: int = _limit(
        16, unit="runs at once of all guests", least=1, most=1024, source="half of all"
    )
    runs_of_builtins: int = _limit(
        4,
        unit="runs at once of the built-in uptime and df",
        least=1,
        most=64,
        source="so that they answer when all is full",
    )
    queue: int = _limit(64, unit="runs waiting for a place", least=0, most=65_536, source="twice the places")
    queue_per_user: int = _limit(
        32,
        unit="runs of one user, or of all guests, waiting for a place",
        least=0,
        most=65_536,
        source="half of the queue",
    )
    queue_seconds: float = _limit(
        60.0, unit="seconds waiting for a place", least=0.0, most=86_400, source="as a run's"
    )
    unkillable_runs: int = _limit(
        8,
        unit="runs given up whose place was freed",
        least=0,
        most=1024,
        source="a dead file system must not stop the rest",
    )

    function_threads: int = _limit(
        8,
        unit="threads for Python functions that are not async",
        least=1,
        most=256,
        source="a quarter of the places",
    )

    # Runs that ended; an answer is fresh no longer than its run is kept, whatever `fresh_seconds` says
    kept_runs: int = _limit(
        200,
        unit="ended runs that can be attached to",
        least=0,
        most=100_000,
        source="a day of a person's work",
    )
    kept_bytes: int = _limit(
        32 * MIB, unit="bytes of all ended runs", least=0, most=4096 * MIB, source="32 full outputs"
    )
    kept_seconds: float = _limit(
        3600.0, unit="seconds an ended run is kept", least=0.0, most=604_800, source="ours"
    )

    # Passwords
    password_bytes: int = _limit(
        1024,
        unit="bytes of a password",
        least=64,
        most=4096,
        source="argon2 hashes any length; a bound on work",
    )
    hashing_waiting: int = _limit(
        16, unit="password checks that wait", least=1, most=1024, source="16 x 200 ms is 3 s of a wait"
    )
    hashing_per_source: int = _limit(
        2, unit="password checks of one source, waiting or under way", least=1, most=1024, source="ours"
    )

    # Tokens
    tokens: int = _limit(
        1024, unit="tokens in the state", least=0, most=8192, source="a hundred users with ten each"
    )

    # Mail
    outbox_messages: int = _limit(
        10_000, unit="messages in the outbox", least=1, most=1_000_000, source="ours; dead letters count"
    )
    outbox_bytes: int = _limit(
        256 * MIB, unit="bytes of all messages in the outbox", least=MIB, most=16 * 1024 * MIB, source="ours"
    )
    message_bytes: int = _limit(
        25 * MIB,
        unit="bytes of one message",
        least=64 * KIB,
        most=256 * MIB,
        source="what large mail providers take",
    )
    message_recipients: int = _limit(
        100, unit="recipients of one message", least=1, most=1000, source="RFC 5321 section 4.5.3.1.8"
    )
    mail_connections: int = _limit(
        2,
        unit="connections to the mail server at once",
        least=1,
        most=50,
        source="one slow message holds up none",
    )
    mail_retry_seconds: float = _limit(
        60.0, unit="seconds from a message's first try to its second", least=1, most=86_400, source="ours"
    )
    mail_retry_most_seconds: float = _limit(
        14_400.0,
        unit="seconds between two tries at most",
        least=1,
        most=86_400,
        source="RFC 5321 section 4.5.4.1 has 2 to 3 hours",
    )
    mail_give_up_seconds: float = _limit(
        432_000.0,
        unit="seconds from a message's first try to its last",
        least=0,
        most=2_592_000,
        source="RFC 5321 section 4.5.4.1: at least 4 to 5 days",
    )

    # Feeds
    feed_bytes: int = _limit(
        16 * MIB, unit="bytes of a feed, unpacked", least=KIB, most=256 * MIB, source="NVD's had 0.8 MiB"
    )
    feed_entries: int = _limit(
        10_000, unit="entries of a feed that are read", least=1, most=100_000, source="NVD's had 1,404"
    )
    feed_seconds: float = _limit(
        60.0, unit="seconds to fetch a feed, tries and all", least=1, most=3600, source="as a run's"
    )

    # Sources of vulnerabilities
    cve_bytes: int = _limit(
        128 * MIB,
        unit="bytes of one document about vulnerabilities, unpacked",
        least=MIB,
        most=1024 * MIB,
        source="twice the tracker of Debian",
    )
    cve_seconds: float = _limit(
        300.0,
        unit="seconds to fetch one such document, tries and all",
        least=1,
        most=3600,
        source="the tracker at 2 Mbit/s",
    )

    # Marks of what errands told
    seen_marks: int = _limit(
        1_000_000, unit="marks of one errand", least=1000, most=10_000_000, source="three times NVD's CVEs"
    )

    # Vulnerabilities
    cve_known: int = _limit(
        500_000,
        unit="vulnerabilities known, and ids with an EPSS score",
        least=1000,
        most=10_000_000,
        source="CVE has some 320,000",
    )
    cve_changes: int = _limit(
        1_000_000, unit="changes kept, the newest", least=1000, most=10_000_000, source="two for each"
    )
    cve_change_days: int = _limit(
        400, unit="days that a change is kept", least=1, most=36_500, source="a year, and some time to look"
    )

    # The end
    drain_seconds: float = _limit(
        25.0,
        unit="seconds that running commands get at the end",
        least=0.0,
        most=600,
        source="systemd's 90 s, well within",
    )
    audit_queue: int = _limit(
        65_536,
        unit="audit lines not yet on disk",
        least=16,
        most=1_000_000,
        source="a second of the fastest door",
    )

    penalties: PenaltyLimits = field(default_factory=PenaltyLimits)


def facts(of: type[Limits] | type[PenaltyLimits] = Limits) -> Iterator[tuple[str, Any, LimitFacts]]:
    """Yield name, default and facts of each limit of one table, in the order in which they stand above."""
    for limit in fields(of):
        if "limit" in limit.metadata:
            yield limit.name, limit.default, limit.metadata["limit"]
