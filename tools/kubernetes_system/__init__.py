"""kubernetes/: all services together on a cluster, written by `./noxw -s sync` like docker-compose.yml."""
