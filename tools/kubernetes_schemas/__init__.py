"""The Kubernetes schemas for the checks of a service's `kubernetes/`, reduced for storage in git."""
