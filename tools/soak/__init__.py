"""Attack a service with hostile and broken clients, one kind at a time, and measure what an honest client notices.

`soak` is the program, `attacks` are the clients, `victim` is the service, `honest` the client that measures.
"""
