"""What every test runs under; each part stands in a file of its own in tests/plugins/."""

pytest_plugins = [
    "pytester",
    "tests.booted",
    "tests.certificates",
    "tests.daemon",
    "tests.doors.web_pages.browsing",
    "tests.errands.backups.folders",
    "tests.fetch_servers",
    "tests.plugins.blocking",
    "tests.plugins.disks",
    "tests.plugins.interrupts",
    "tests.plugins.leftovers",
    "tests.plugins.loops",
    "tests.plugins.programs",
    "tests.plugins.skips",
    "tests.plugins.soak",
    "tests.plugins.timeouts",
]
