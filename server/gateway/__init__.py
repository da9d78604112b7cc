"""The REST-JSON gateway: four vendors' APIs, translated to `consent.v1` over gRPC and back. It holds no rule."""
