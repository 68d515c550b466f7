"""Children: started without a shell and without forking the daemon, read, limited, and ended with their tree."""
