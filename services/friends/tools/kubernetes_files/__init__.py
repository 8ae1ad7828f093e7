"""Check `kubernetes/` without a cluster, against Kubernetes' schemas and the template's rules."""
