"""The unit that runs the daemon of a configuration, as far as `doorward check` is concerned."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from doorward.config.finding import SYSTEM_FILE
from doorward.config.machine import Machine
from doorward.config.unit import SYSTEM_UNIT, Unit, missing_user, read_unit, refusals, service_machine
from doorward.core.errors import ConfigurationError
from doorward.core.settings import Settings


@dataclass(frozen=True, slots=True)
class ExaminedUnit:
    """
    What a unit means for a configuration.

    Attributes:
        machine: the machine as the daemon sees it.
        unit: what runs it; None for whoever types.
        problems: why there is none although one was named.
    """

    machine: Machine = field(default_factory=Machine)
    unit: Unit | None = None
    problems: tuple[ConfigurationError, ...] = ()

    @property
    def file(self) -> str:
        """Where the unit stands; empty without one."""
        return self.unit.file if self.unit is not None else ""

    def environment(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """`environment`, and what the unit would add; not the state that whoever asks may not look at."""
        folder = self.unit.state_folder if self.unit is not None else ""
        if not folder or (os.path.exists(folder) and not os.access(folder, os.R_OK | os.X_OK)):
            return environment
        return {"STATE_DIRECTORY": folder, **environment}

    def problems_with(self, settings: Settings | None) -> list[ConfigurationError]:
        """All that keeps the unit from running, and commands of `settings` from running under it."""
        found = list(self.problems)
        if self.unit is not None:
            found += missing_user(self.unit)
            if settings is not None:
                found += refusals(settings.catalogue, self.unit, machine=self.machine)
        return found


def examined_unit(
    named: Path | None,
    configuration: Path | None,
    *,
    system_file: Path = SYSTEM_FILE,
    system_unit: Path = SYSTEM_UNIT,
) -> ExaminedUnit:
    """The unit that was named, else the system's for the system's configuration, if it is there."""
    file = named
    if file is None and configuration == system_file and system_unit.exists():
        file = system_unit
    if file is None:
        return ExaminedUnit()
    try:
        unit = read_unit(file.absolute())
    except ConfigurationError as error:
        return ExaminedUnit(problems=(error,))
    return ExaminedUnit(service_machine(unit.user), unit)
