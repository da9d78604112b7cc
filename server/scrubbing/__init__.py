"""Scrubbing a list: rows in, the allowed ones and the denied ones out, by as many processes as there are cores."""
