"""Sources of vulnerabilities: bytes in, accounts out; and the going for them, by ports."""
