"""The template and its services: renders, generates, compares, updates and locks them."""
