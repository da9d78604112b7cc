"""The consent service: domain, use cases, storage, gRPC adapters, JSON gateway and command line."""
