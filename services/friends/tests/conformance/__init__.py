"""What the template requires of each service: it starts, its migrations match its models, it is documented."""
