"""
The child side, in a program of its own: a nursery that forks shims, and shims that each watch over one run.

It is executed alone (`python -I -S shim.py`, its socket as stdin), so that forking it costs the same however
large the daemon is; it imports nothing of ours and little else. A shim is the parent and the subreaper of one
run at a time: whatever a run starts and orphans, in whatever session and with whatever environment, comes to
that shim and to no other, and the run is over when the kernel says that the shim has no child left (ECHILD).
A dead shim's orphans come to the nursery, which kills them.

Nursery, on its seqpacket socket:
    from the daemon  FORK, number, one descriptor: a new shim on this socket; KILL, number
    to the daemon    GONE, number: this shim is dead, and so is all that it left behind;
                     NOT_FORKED, number: there is no such shim, for want of a process or a descriptor
Shim, on its own seqpacket socket:
    from the daemon  LAUNCH, marshalled tuple, descriptors: stdout, stderr, stdin if any, secrets
                     LAUNCH_IN_FILE, the same with the tuple in a file as the first descriptor; STOP
    to the daemon    one of EXITED, SIGNALLED, NOT_STARTED, UNKILLABLE, with a number and a text
The end of either socket kills what hangs on it.

Source: prctl(2) PR_SET_CHILD_SUBREAPER, wait(2), unix(7), systemd.kill(5) for CONT after TERM.
"""

import array
import ctypes
import errno
import fcntl
import gc
import marshal
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

FORK, KILL, GONE, NOT_FORKED = b"F", b"K", b"G", b"N"
LAUNCH, LAUNCH_IN_FILE, STOP = b"L", b"M", b"S"
EXITED, SIGNALLED, NOT_STARTED, UNKILLABLE = range(4)
NUMBER = struct.Struct("<cI")
ENDING = struct.Struct("<Bi")

MESSAGE_BYTES = 131072
"""The longest message, as a packet must fit the socket's buffer (212,992 bytes by default)."""
DESCRIPTORS = 253
"""The most descriptors in one message: SCM_MAX_FD of the kernel."""
NOFILE_SOFT = 1024
"""What programs that use select(2) can bear; the hard limit stays, and a child may raise its own."""
SWEEP_SECONDS = 0.02
"""Between two sweeps over a tree that was sent KILL and is not gone."""
MOST_PAUSE_SECONDS = 1.0
"""Between two sweeps over what has survived many of them."""
SWEEP_ROUNDS = 50
"""How often one sweep looks for processes that were born while it stopped the others."""
PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 15, 36

HELD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
"""Signals that the daemon decides about; nursery and shims end when it is gone, and not before."""
RESET = (*HELD, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ)
"""What we or Python handle or ignore; a run finds all as after a login."""

Launch = tuple[list[str], dict[str, str], str, str, dict[str, int], bool, float, float]
"""argv, environment, folder, user, resources, whether stdin comes along, grace and unkillable seconds."""


# The tree: who descends from this process, and how to signal exactly these.


def children_of(pid: int) -> list[int]:
    """The children of `pid` by any of its threads; empty when it is gone."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as listing:
                found += map(int, listing.read().split())
    except OSError:
        pass
    return found


def descendants(spared: set[int]) -> list[tuple[int, int]]:
    """Pairs of a process and its parent, parents first, without `spared` children and what is under them."""
    own = os.getpid()
    found = [(pid, own) for pid in children_of(own) if pid not in spared]
    seen = {pid for pid, _ in found}
    for parent, _ in found:
        for pid in children_of(parent):
            if pid not in seen:
                seen.add(pid)
                found.append((pid, parent))
    return found


def parent_of(pid: int) -> int:
    """The parent of `pid`, 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return int(stat.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def signal_child(pid: int, number: int) -> int:
    """
    Send a signal to a child of ours and to its whole process group, which is told; 0 for our own.

    A child keeps its number until we reap it, and so does its group, which holds nothing but descendants: the
    group gets the signal at once, so that no member can fork away from it.
    """
    with suppress(OSError):  # set-user-ID and not ours to signal: it is then found to be unkillable
        group = os.getpgid(pid)
        if group != os.getpgrp():
            os.killpg(group, number)
            return group
        os.kill(pid, number)
    return 0


def signal_deeper(pid: int, parent: int, number: int) -> None:
    """Send a signal to a descendant, and to no stranger: it is pinned first and then asked for its parent."""
    with suppress(OSError):
        pinned = os.pidfd_open(pid)
        try:
            if parent_of(pid) in (parent, os.getpid()):
                signal.pidfd_send_signal(pinned, number)
        finally:
            os.close(pinned)


def group_of(pid: int) -> int:
    """The process group of `pid`, -1 when it is gone."""
    try:
        return os.getpgid(pid)
    except OSError:
        return -1


def signal_all(pairs: list[tuple[int, int]], number: int) -> None:
    """Send a signal to each process of these, once: most share a group."""
    own = os.getpid()
    groups: set[int] = set()
    for pid, parent in pairs:
        if group_of(pid) in groups:
            continue
        if parent == own:
            groups.add(signal_child(pid, number))
        else:
            signal_deeper(pid, parent, number)


def terminate_tree(spared: set[int]) -> None:
    """TERM for the whole tree, and CONT so that a stopped one can obey."""
    with haste():
        pairs = descendants(spared)
        signal_all(pairs, signal.SIGTERM)
        signal_all(pairs, signal.SIGCONT)


def kill_tree(spared: set[int]) -> None:
    """KILL for the whole tree: first all are stopped until no new one turns up, so that none forks away."""
    stopped: set[int] = set()
    with haste():
        for _ in range(SWEEP_ROUNDS):
            fresh = [pair for pair in descendants(spared) if pair[0] not in stopped]
            if not fresh:
                break
            signal_all(fresh, signal.SIGSTOP)
            stopped.update(pid for pid, _ in fresh)
        signal_all(descendants(spared), signal.SIGKILL)


@contextmanager
def haste() -> Iterator[None]:
    """Go before a tree that keeps every processor busy; only root may."""
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    set_priority(-20)
    try:
        yield
    finally:
        set_priority(usual)


def set_priority(nice: int) -> None:
    """Be this nice, if we may."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, nice)


# What both kinds of process need.


def prctl(option: int, argument: object) -> None:
    """This process with an attribute changed, which the standard library cannot do."""
    ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


def receive(peer: socket.socket, limit: int) -> tuple[bytes, list[int]]:
    """One message and its descriptors, which no child inherits; empty at the end."""
    room = socket.CMSG_SPACE(4 * DESCRIPTORS)
    try:
        message, ancillary, _, _ = peer.recvmsg(limit, room, socket.MSG_CMSG_CLOEXEC)
    except OSError:
        return b"", []
    descriptors: array.array[int] = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % 4])
    return message, list(descriptors)


class Waiter:
    """Waits for a peer's message and for the death of children together."""

    def __init__(self, peer: socket.socket) -> None:
        self._wake, wake_end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        self._peer = peer.fileno()
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)
        self._poll.register(self._peer, select.POLLIN)

    def wait(self, seconds: float | None) -> bool:
        """Wait; tell whether the peer has something to say."""
        ready = self._poll.poll(None if seconds is None else max(0, seconds * 1000))
        said = False
        for descriptor, _ in ready:
            if descriptor == self._peer:
                said = True
            else:
                os.read(self._wake, 512)
        return said

    def close(self) -> None:
        """Let go of the wake-up pipe, in a process just forked."""
        os.close(signal.set_wakeup_fd(-1))
        os.close(self._wake)


# One run.


def start(launch: Launch, descriptors: list[int], null: int) -> int:
    """
    The process id of the run's first process.

    Raises:
        OSError: of the folder, the executable or a limit.
        ValueError: a NUL in a string, an unknown user or limit.
    """
    argv, environment, folder, user, resources, has_input, _, _ = launch
    os.chdir(folder)
    stdin = descriptors[2] if has_input else null
    secrets = descriptors[3 if has_input else 2 :]
    lowest = 3 + len(secrets)
    # Above every target, so that handing over one cannot overwrite the next.
    secrets = [fcntl.fcntl(secret, fcntl.F_DUPFD_CLOEXEC, lowest) for secret in secrets]
    try:
        moves = [(stdin, 0), (descriptors[0], 1), (descriptors[1], 2)]
        moves += [(secret, 3 + index) for index, secret in enumerate(secrets)]
        if user or resources:
            return fork_changed(launch, moves)
        return os.posix_spawn(
            argv[0],
            argv,
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, source, target) for source, target in moves],
            setsid=True,
            setsigmask=(),
            setsigdef=RESET,
        )
    finally:
        for secret in secrets:
            os.close(secret)


def fork_changed(launch: Launch, moves: list[tuple[int, int]]) -> int:
    """
    The same by fork, for another user or with limits.

    About a millisecond more than a spawn, as setpriv(1) or prlimit(1) before the program would cost; unlike
    those it tells a program that cannot be executed from one that exits with 127.
    """
    argv, environment, _, user, resources, _, _, _ = launch
    limits = [(number_of_limit(name), value) for name, value in resources.items()]
    identity = identify(user) if user else None
    told, tell = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        try:
            become(limits, identity, moves)
            os.execve(argv[0], argv, environment)  # noqa: S606 - it is the point
        except (OSError, ValueError) as error:
            os.write(tell, struct.pack("<i", number_of(error)))
        finally:
            os._exit(127)
    os.close(tell)
    try:
        failure = os.read(told, 4)
    finally:
        os.close(told)
    if failure:
        os.waitpid(pid, 0)
        (number,) = struct.unpack("<i", failure)
        raise OSError(number, os.strerror(number))
    return pid


def number_of_limit(name: str) -> int:
    """The number of a resource limit as prlimit(1) spells it."""
    number = getattr(resource, f"RLIMIT_{name.upper()}", None)
    if number is None:
        raise ValueError(f"no such resource limit: {name}")
    return int(number)


def identify(user: str) -> tuple[int, int, list[int]]:
    """User, group and all groups of a system user; asked here, where a slow directory holds up one run."""
    import pwd

    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise ValueError(f"no such user: {user}") from None
    return entry.pw_uid, entry.pw_gid, os.getgrouplist(user, entry.pw_gid)


def become(
    limits: list[tuple[int, int]],
    identity: tuple[int, int, list[int]] | None,
    moves: list[tuple[int, int]],
) -> None:
    """In the forked child: session, signals, descriptors, limits, user, and last what may pinch us."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in RESET:
        signal.signal(number, signal.SIG_DFL)
    for source, target in moves:
        os.dup2(source, target, inheritable=True)
    for limit, value in limits:
        if limit != resource.RLIMIT_AS:
            resource.setrlimit(limit, (value, value))
    if identity is not None:
        user, group, groups = identity
        os.setgroups(groups)
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    for limit, value in limits:
        if limit == resource.RLIMIT_AS:
            resource.setrlimit(limit, (value, value))


class Abandoned(Exception):
    """Nobody waits for this run any more: the daemon is gone, or was told that it cannot be killed."""


class Shim:
    """Runs one launch after the other, each with its whole tree, until the daemon is gone."""

    def __init__(self, daemon: socket.socket) -> None:
        self._daemon = daemon
        self._waiter = Waiter(daemon)
        self._null = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
        self._main = 0
        self._status = 0

    def serve(self) -> None:
        """Run what is asked for; return when the daemon is gone and nothing of ours is left."""
        try:
            while True:
                message, descriptors = receive(self._daemon, MESSAGE_BYTES)
                if not message:
                    return
                if message[:1] != STOP:  # a stop that crossed the ending on its way
                    self._run(message, descriptors)
        except Abandoned:
            self._outlive()

    def _run(self, message: bytes, descriptors: list[int]) -> None:
        try:
            launch = read_launch(message, descriptors)
            self._main = start(launch, descriptors, self._null)
        except (OSError, ValueError) as error:
            self._say(NOT_STARTED, number_of(error), reason_of(error))
            return
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if self._watch(*launch[-2:]):
            self._say(UNKILLABLE, 0, "")
            raise Abandoned
        status = self._status
        if os.WIFSIGNALED(status):
            self._say(SIGNALLED, os.WTERMSIG(status), "")
        else:
            self._say(EXITED, os.WEXITSTATUS(status), "")

    def _watch(self, grace_seconds: float, unkillable_seconds: float) -> bool:
        """See the tree to its end; whether something is left after all that could be done."""
        stopped = False
        while not stopped and self._main:
            stopped = self._wait(None)
            if not self._reap():
                return False
        terminate_tree(set())
        if not self._reap_for(grace_seconds):
            return False
        return self._kill_for(unkillable_seconds)

    def _reap_for(self, seconds: float) -> bool:
        """Give the tree this long; whether something is left."""
        until = time.monotonic() + seconds
        while self._reap():
            left = until - time.monotonic()
            if left <= 0:
                return True
            self._wait(left)
        return False

    def _kill_for(self, seconds: float) -> bool:
        """Kill the tree, and again for this long; whether something is left."""
        left = self._kill()
        until = time.monotonic() + seconds  # a large tree may take long to find
        while left and time.monotonic() < until:
            self._wait(SWEEP_SECONDS)
            left = self._kill()
        return left

    def _wait(self, seconds: float | None) -> bool:
        """Wait for a death; whether the daemon said stop instead."""
        if not self._waiter.wait(seconds):
            return False
        if not receive(self._daemon, 1)[0]:
            raise Abandoned
        return True

    def _outlive(self) -> None:
        """Kill all that is left, for as long as it takes."""
        pause_seconds = SWEEP_SECONDS
        while self._kill():
            time.sleep(pause_seconds)
            pause_seconds = longer(pause_seconds)

    def _kill(self) -> bool:
        if not self._reap():
            return False
        kill_tree(set())
        return self._reap()

    def _reap(self) -> bool:
        """Take leave of the dead; whether any child is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._main:
                self._main, self._status = 0, status

    def _say(self, kind: int, number: int, text: str) -> None:
        try:
            self._daemon.send(ENDING.pack(kind, number) + text.encode(errors="replace"))
        except OSError:
            raise Abandoned from None


def read_launch(message: bytes, descriptors: list[int]) -> Launch:
    """The launch of a message; a file that carries it is closed and taken off the descriptors."""
    if message[:1] == LAUNCH:
        return marshal.loads(memoryview(message)[1:])  # type: ignore[no-any-return]  # noqa: S302
    with open(descriptors.pop(0), "rb") as file:
        return marshal.load(file)  # type: ignore[no-any-return]  # noqa: S302


def number_of(error: OSError | ValueError) -> int:
    """The system's number of an error."""
    return (isinstance(error, OSError) and error.errno) or errno.EINVAL


def reason_of(error: Exception) -> str:
    """One line for people."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


# The nursery.


class Nursery:
    """
    Forks shims, and kills what dead ones leave behind.

    Nothing says whose an orphan was. What turns up when shims are found dead is theirs, or was born to an
    orphan known before: it counts for all who have any, so that none is told gone too early, and one orphan
    that survives everything holds up its own shim alone.
    """

    def __init__(self, daemon: socket.socket) -> None:
        self._daemon = daemon
        self._waiter = Waiter(daemon)
        self._numbers: dict[int, int] = {}
        self._left: list[tuple[list[int], set[int]]] = []
        self._untold: list[bytes] = []
        self._pause_seconds = SWEEP_SECONDS

    def serve(self) -> None:
        """Fork a shim whenever asked; return when the daemon and every shim are gone."""
        while True:
            busy = self._tend() or self._untold
            if self._waiter.wait(self._pause_seconds if busy else None) and not self._obey():
                break
        while self._tend() or self._numbers:
            time.sleep(self._pause_seconds)

    def _obey(self) -> bool:
        message, descriptors = receive(self._daemon, NUMBER.size)
        if len(message) < NUMBER.size:
            return False
        order, number = NUMBER.unpack(message)
        if order == FORK:
            # without a descriptor of our own there was none for the shim's socket
            if not (descriptors and self._fork(number, descriptors[0])):
                self._untold.append(NUMBER.pack(NOT_FORKED, number))
        elif order == KILL:
            for pid in [pid for pid, held in self._numbers.items() if held == number]:
                os.kill(pid, signal.SIGKILL)
        return True

    def _fork(self, number: int, descriptor: int) -> bool:
        try:
            pid = os.fork()
        except OSError:
            os.close(descriptor)
            return False
        if pid == 0:
            try:
                self._waiter.close()
                self._daemon.close()
                prctl(PR_SET_CHILD_SUBREAPER, 1)
                prctl(PR_SET_NAME, b"doorward-shim")
                Shim(socket.socket(fileno=descriptor)).serve()
            except BaseException:  # noqa: BLE001 - the end of this process, on the daemon's stderr
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(0)
        os.close(descriptor)
        self._numbers[pid] = number
        return True

    def _tend(self) -> bool:
        """Reap; kill orphans of dead shims; tell which are gone with all they left. Whether orphans live."""
        dead, orphans = self._find()
        fresh = orphans.difference(*(pids for _, pids in self._left))
        if dead:
            self._left.append((dead, set()))
        for _, pids in self._left:
            pids.update(fresh)
            pids.intersection_update(orphans)
        self._untold += [NUMBER.pack(GONE, each) for dead, pids in self._left if not pids for each in dead]
        self._left = [left for left in self._left if left[1]]
        self._tell()
        if orphans:
            kill_tree(set(self._numbers))
        self._pause_seconds = SWEEP_SECONDS if dead or fresh else longer(self._pause_seconds)
        return bool(orphans)

    def _find(self) -> tuple[list[int], set[int]]:
        """The shims that are newly dead, and the orphans there are; none of a shim not among the dead."""
        dead = self._reap()
        while True:
            orphans = {pid for pid in children_of(os.getpid()) if pid not in self._numbers}
            more = self._reap()
            if not more:
                return dead, orphans
            dead += more

    def _reap(self) -> list[int]:
        """Take leave of the dead; which shims are among them."""
        dead: list[int] = []
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return dead
            if pid == 0:
                return dead
            if pid in self._numbers:
                dead.append(self._numbers.pop(pid))
            for _, pids in self._left:
                pids.discard(pid)

    def _tell(self) -> None:
        """Say what is to be said; what the daemon has no room for yet is kept."""
        while self._untold:
            try:
                self._daemon.send(self._untold[0], socket.MSG_DONTWAIT)
            except ConnectionError:  # it is gone
                self._untold.clear()
            except OSError:
                return
            else:
                del self._untold[0]


def longer(pause_seconds: float) -> float:
    """The next pause after this one: what has survived long is looked at seldom."""
    return min(MOST_PAUSE_SECONDS, pause_seconds * 1.2)


def main() -> None:
    """Be the nursery of the daemon whose socket is stdin."""
    daemon = socket.socket(fileno=fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3))
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    # What the daemon was given to inherit, such as sockets of systemd, ends here.
    os.closerange(3, daemon.fileno())
    os.closerange(daemon.fileno() + 1, 1 << 30)
    for number in HELD:
        signal.signal(number, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = NOFILE_SOFT if hard == resource.RLIM_INFINITY else min(NOFILE_SOFT, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    prctl(PR_SET_NAME, b"doorward-nurser")
    gc.disable()
    gc.freeze()
    Nursery(daemon).serve()


if __name__ == "__main__":
    main()
