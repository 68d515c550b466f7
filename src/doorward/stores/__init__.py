"""What outlives the process: the state folder, users and their hashes, certificates, and the audit trail."""
