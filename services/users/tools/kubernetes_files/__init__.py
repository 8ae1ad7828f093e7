"""Checks of `kubernetes/` without a cluster: what it renders to, the schemas of Kubernetes, and rules of our own."""
