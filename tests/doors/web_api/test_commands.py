"""What can be asked for over the API, and by whom."""

from tests.doors.web_api.calls import Program


def test_everybody_sees_what_they_may_run(alice: Program, bob: Program) -> None:
    commands = {each["name"]: each for each in alice.get("/api/v1/commands").json["commands"]}
    assert {"lines", "greet", "df", "uptime"} <= commands.keys()
    assert "status" not in commands
    assert "greet" not in {each["name"] for each in bob.get("/api/v1/commands").json["commands"]}
    assert commands["greet"] == alice.get("/api/v1/commands/greet").json


def test_a_command_has_a_schema_of_its_parameters(alice: Program) -> None:
    schema = alice.get("/api/v1/commands/greet").json["schema"]
    assert schema["required"] == ["name"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["times"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 10,
        "default": 3,
        "description": "an integer from 1 to 10",
    }
    assert schema["properties"]["loud"]["type"] == "boolean"
    assert schema["properties"]["key"]["format"] == "password"


def test_an_unknown_command_and_one_of_others_are_told_apart(bob: Program) -> None:
    unknown = bob.get("/api/v1/commands/linse")
    assert (unknown.status, unknown.json["status"]) == (404, 404)
    assert "did you mean lines?" in unknown.json["detail"]
    refused = bob.get("/api/v1/commands/greet")
    assert (refused.status, refused.json["detail"]) == (403, "bob may not run greet")


def test_whoami_is_who_asks(alice: Program) -> None:
    told = alice.get("/api/v1/whoami").json
    assert (told["user"], told["login"], told["door"]) == ("alice", "password", "web")


def test_what_is_not_there_is_a_problem_too(alice: Program) -> None:
    for path in ("/api/v1/", "/api/v2/runs", "/api/v1/runs/0", "/api/v1/runs/x", "/api/v1/commands/a/b/c"):
        heard = alice.get(path)
        assert (heard.status, heard.headers["content-type"]) == (404, "application/problem+json"), path
    wrong = alice.call("DELETE", "/api/v1/runs")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD, POST")
    assert wrong.json["detail"] == "this takes GET, HEAD, POST"


def test_nobody_is_told_how_to_log_in(alice: Program) -> None:
    nobody = Program(alice.daemon, "")
    for path in ("/api/v1/whoami", "/api/openapi.json", "/metrics"):
        heard = nobody.get(path)
        assert heard.status == 401
        assert "www-authenticate" in heard.headers
