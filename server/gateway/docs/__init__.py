"""What the gateway tells of its paths: an OpenAPI document, and a page to read."""
