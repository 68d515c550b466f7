"""What a daemon says to a fuzzer: commands of every parameter type, none of which takes its time."""

from tests.doors.web_api.calls import USERS, WEB

CONFIG = f"""
[limits]
timeout_seconds = 0.5
[limits.penalties]
exempt = ["127.0.0.1"]
{WEB}
{USERS}
[commands.lines]
run = ["printf", 'one\\ntwo\\n']
read_only = true
fresh_seconds = 1
[commands.copy]
run = ["cat"]
input = true
[commands.hold]
run = ["sleep", "1000"]
[commands.every]
run = ["echo", "{{a}}{{b}}{{c}}", "{{d}}", "{{e}}", "{{f}}", "{{g}}{{h}}", "{{i}}", "{{j}}", "{{k}}"]
[commands.every.parameters]
a = {{ type = "text" }}
b = {{ type = "integer", min = -5, max = 10, default = 3 }}
c = {{ type = "number", min = -1, required = false }}
d = {{ type = "choice", choices = ["x", "-y", "é"], default = "x" }}
e = {{ type = "flag", on = "-e" }}
f = {{ type = "hostname", required = false }}
g = {{ type = "address", required = false }}
h = {{ type = "port", required = false }}
i = {{ type = "path", within = "/etc", required = false }}
j = {{ type = "pattern", pattern = "[a-f]+(?:-[0-9])?", required = false }}
k = {{ type = "secret", required = false }}
"""
