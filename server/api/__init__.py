"""gRPC adapters: one ordered chain around servicers that decode, call a use case and encode."""
