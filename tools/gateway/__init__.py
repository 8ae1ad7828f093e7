"""The gateway's routes: `write` generates gateway/dynamic/routes.yml from the services' OpenAPI documents."""
