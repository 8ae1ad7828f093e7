"""What the gateway publishes: `write` makes gateway/dynamic/routes.yml from the OpenAPI documents of the services."""
