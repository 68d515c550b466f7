"""Files over HTTP: folders below a path of the web door, and the same on their own."""
