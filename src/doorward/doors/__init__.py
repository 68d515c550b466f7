"""One a transport: a door translates, and never decides."""
