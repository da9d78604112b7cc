"""What the operator sets: read, and checked, before anything starts. The table of all settings is `serving.py`."""

from server.settings.keys import find_service_keys, key_file_of, load_service_keys
from server.settings.kinds import Address, InvalidSetting, NotAllowed
from server.settings.reading import Found, Reading, Source, misspelt, read_settings
from server.settings.serving import (
    DEFAULT_DATABASE,
    DEFAULT_GRPC,
    SERVE,
    ServeSettings,
    default_processes,
    usable_cores,
)
from server.settings.setting import Setting

__all__ = [
    "DEFAULT_DATABASE",
    "DEFAULT_GRPC",
    "SERVE",
    "Address",
    "Found",
    "InvalidSetting",
    "NotAllowed",
    "Reading",
    "ServeSettings",
    "Setting",
    "Source",
    "default_processes",
    "find_service_keys",
    "key_file_of",
    "load_service_keys",
    "misspelt",
    "read_settings",
    "usable_cores",
]
