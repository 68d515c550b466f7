"""What the server goes out for: decisions apart from the going, and ends that come in through ports."""
