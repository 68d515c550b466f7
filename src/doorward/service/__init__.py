"""The one way in: credentials become a principal, a principal's line becomes a run."""
