"""
The configuration: a file in TOML to `Settings`.

`finding` says which file counts, `loading` reads it, `cautions` judges what it declares, and `template`
holds the commented one to begin with. Without a file neither a TOML parser nor msgspec is imported.
"""

from doorward.config.finding import SYSTEM_FILE, find_configuration
from doorward.config.loading import Examination, examine, load_settings
from doorward.config.machine import Machine

__all__ = ["SYSTEM_FILE", "Examination", "Machine", "examine", "find_configuration", "load_settings"]
