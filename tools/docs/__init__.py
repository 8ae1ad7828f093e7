"""What the documents need besides being written: the site, badges and pictures, and the demo that one of them shows."""
