"""Backups that are kept away from here: which go, which stay, and how that is made sure of."""
