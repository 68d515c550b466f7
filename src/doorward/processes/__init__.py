"""Children: started without a shell or a fork of the daemon, limited, read, ended with their whole tree."""
