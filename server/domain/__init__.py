"""Pure rules over frozen dataclasses: no protobuf, no database, no clock. Everything here is decided by its arguments."""
