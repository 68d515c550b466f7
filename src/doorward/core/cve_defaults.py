"""How much of what is known of vulnerabilities an answer has, where nobody says."""

LISTED = 100
"""Of a list."""

MONTHS = 24
"""Of counts."""

MOST_MONTHS = 240
