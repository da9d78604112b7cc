"""What callers can do: one function an RPC, run on one snapshot or in one transaction that the caller of it opened."""
