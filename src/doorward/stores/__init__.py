"""What outlives the process: the state folder, users and their hashes, and the audit trail."""
