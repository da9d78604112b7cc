"""What the processes count and time, and how it is told to Prometheus."""
