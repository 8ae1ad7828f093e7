"""A bad day: hostile and broken clients at a service, one kind after the other, while an honest one counts.

`soak` is the program, `attacks` are the clients, `victim` is the service, `honest` the client that must not notice.
"""
