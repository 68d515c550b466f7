"""Values and decisions: everything here is pure, and imports nothing else of ours."""
