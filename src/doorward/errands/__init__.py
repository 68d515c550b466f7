"""What the server goes out for; the ends that it goes to come in through ports."""
