"""What the prompt remembers."""

from doorward.doors.ssh.histories import LINE_CHARACTERS, USERS, Histories


def test_lines_are_remembered_for_each_user_the_oldest_first() -> None:
    histories = Histories()
    for line in ("1", "2", "2", "3"):
        histories.add("alice", line, lines=10)
    assert list(histories.of("alice", lines=10)) == ["1", "2", "3"]
    assert list(histories.of("alice", lines=2)) == ["2", "3"]
    assert list(histories.of("bob", lines=10)) == []
    assert list(histories.of("alice", lines=0)) == []


def test_neither_lines_nor_users_grow_without_end() -> None:
    histories = Histories()
    for number in range(20):
        histories.add("alice", str(number), lines=5)
    assert list(histories.of("alice", lines=100)) == ["15", "16", "17", "18", "19"]
    histories.add("alice", "x" * (LINE_CHARACTERS + 1), lines=5)
    histories.add("alice", "y", lines=0)
    assert list(histories.of("alice", lines=100))[-1] == "19"
    for number in range(USERS):
        histories.add(f"user{number}", "x", lines=5)
    assert list(histories.of("alice", lines=100)) == []
