"""What the template asks of each service: it starts, its migrations agree with its models, it is documented."""
