"""Ask over a socket that blocks: connect, then recv and sendall until the answer is there."""

import socket

from doorward.models.clients._question import READ_BYTES, Question


def ask(address: tuple[str, int], line: str, *, timeout_seconds: float = 10.0) -> bytes:
    """
    The answer of the server at `address` to `line`.

    Raises:
        OSError: nobody is there, or the connection was lost; each step has `timeout_seconds`.
        ValueError: what came is no answer.
    """
    question = Question(line)
    # [the wait]
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_seconds)
        connection.connect(address)
        while not question.is_over:
            question.receive_data(connection.recv(READ_BYTES))
            connection.sendall(question.bytes_to_send())
    # [end]
    return question.answer
