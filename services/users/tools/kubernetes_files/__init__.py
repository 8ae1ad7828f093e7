"""Checks `kubernetes/` without a cluster: renders it, and applies Kubernetes' schemas and the template's rules."""
