"""What a look at vulnerabilities would stumble over before it asks anybody."""

from doorward.core.cve_errands import CveErrand
from doorward.core.errands import errand_name
from doorward.core.errors import SourceError
from doorward.core.settings import Settings


def keys_looked_over(settings: Settings) -> tuple[str, ...]:
    """Tell of each file with a key of NVD that this process cannot use."""
    return tuple(
        told
        for errand in settings.errands.values()
        if isinstance(errand, CveErrand)
        for at, source in enumerate(errand.sources)
        if source.key_file and (told := _trouble_with(errand, at, source.key_file))
    )


def _trouble_with(errand: CveErrand, at: int, file: str) -> str:
    from doorward.clients._secret_lines import secret_line

    try:
        secret_line(file, kind="key of NVD")
    except SourceError as error:
        return f"errands.{errand_name(errand)}.sources[{at}].key_file: {error}"
    return ""
