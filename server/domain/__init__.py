"""Pure rules over frozen dataclasses: no protobuf, no database, no clock. Arguments decide everything."""
