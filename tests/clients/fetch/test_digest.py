import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.fetch.digest import answer, best_digest, read_challenges
from doorward.core.fetching import Login
from doorward.core.secret import Secret

LOGIN = Login(name="Mufasa", secret=Secret("Circle of Life"))
OF_THE_RFC = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
CLIENT_NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def response_to(*fields: str) -> str:
    challenge = best_digest(read_challenges(fields))
    assert challenge is not None
    said = answer(challenge, LOGIN, method="GET", target="/dir/index.html", client_nonce=CLIENT_NONCE)
    return said.revealed


def test_the_examples_of_rfc_7616_come_out() -> None:
    md5 = response_to(OF_THE_RFC.format("MD5"))
    assert 'response="8ca523f5e9506fed4657c9700eebdbec"' in md5
    sha256 = response_to(OF_THE_RFC.format("SHA-256"))
    assert 'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"' in sha256
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in sha256
    assert "algorithm=SHA-256" in sha256


def test_the_strongest_of_several_is_taken() -> None:
    fields = ('Basic realm="x"', OF_THE_RFC.format("MD5"), OF_THE_RFC.format("SHA-256"))
    assert "algorithm=SHA-256" in response_to(*fields)
    assert "algorithm=SHA-256" in response_to(", ".join(fields))


def test_a_server_of_rfc_2069_is_answered_without_a_count() -> None:
    said = response_to('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')
    assert "cnonce" not in said
    assert "nc=" not in said


def test_what_we_cannot_do_is_passed_over() -> None:
    for field in (
        'Digest realm="x", nonce="y", algorithm=SHA-1',
        'Digest realm="x", nonce="y", qop="auth-int"',
        'Digest realm="x"',
        'Basic realm="x"',
        "Negotiate",
    ):
        assert best_digest(read_challenges([field])) is None


def test_quotes_in_a_realm_cannot_add_a_parameter() -> None:
    said = response_to(r'Digest realm="a\", uri=\"b", nonce="y"')
    assert r'realm="a\", uri=\"b"' in said


def test_several_ways_in_are_told_apart() -> None:
    found = read_challenges(['Negotiate, Basic realm="a, b", charset="UTF-8", Bearer'])
    assert [each.scheme for each in found] == ["negotiate", "basic", "bearer"]
    assert found[1].parameters == {"realm": "a, b", "charset": "UTF-8"}


@given(text=st.text(max_size=200))
def test_whatever_a_server_says_is_read_without_an_error(text: str) -> None:
    challenge = best_digest(read_challenges([text, f"Digest nonce=x, {text}"]))
    if challenge is not None:
        answer(challenge, LOGIN, method="GET", target="/", client_nonce="x")


@pytest.mark.parametrize("text", [" " * 8100 + '"', "a" + " " * 8000 + '"', "a b" + " " * 8000 + "("])
def test_blanks_without_end_are_read_in_time_that_grows_with_their_number(text: str) -> None:
    began = time.process_time()
    for _ in range(5):
        read_challenges([text])
    assert time.process_time() - began < 1
