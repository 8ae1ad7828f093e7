"""The schemas of Kubernetes that the checks of a service's `kubernetes/` use, made small enough to be kept in git."""
