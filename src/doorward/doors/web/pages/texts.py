"""What there is to be said by the pages; each language has a module of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from doorward.doors.web.pages.cve_texts import CveTexts


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """
    Every sentence of the pages; names in braces are filled in.

    Attributes:
        summaries: of the built-in commands, where the catalogue's own are of another language.
        columns: headings of the built-in readers' tables, likewise.
        errors: by the status of HTTP, what went wrong and what to do.
        api_places: where a program says something: `path`, `query`, `header`, `body`.
        cve: of the pages about vulnerabilities.
        decimal: what parts the whole of a number from the rest.
    """

    language: str
    cve: CveTexts
    question: str
    skip: str
    main_menu: str
    commands: str
    runs: str
    sign_in: str
    sign_out: str
    signed_in_as: str
    # Signing in
    user_name: str
    password: str
    sign_in_hint: str
    wrong_login: str
    busy_login: str
    # The catalogue
    search: str
    of_this_server: str
    built_in: str
    none_found: str
    no_commands: str
    show_all: str
    found_one: str
    found_many: str
    shows_at_once: str
    takes_input: str
    # One command
    run: str
    run_again: str
    optional: str
    choose: str
    yes: str
    no: str
    input: str
    input_hint: str
    one_a_line: str
    please_mend: str
    expected: str
    expected_got: str
    no_such_parameter: str
    nothing_to_fill_in: str
    goes_on_alone: str
    # What a parameter takes
    any_text: str
    integer: str
    integer_from: str
    integer_between: str
    number_from: str
    number_between: str
    one_of: str
    yes_or_no: str
    host_name: str
    address: str
    port: str
    path: str
    pattern: str
    secret: str
    # Runs
    run_number: str
    state_waiting: str
    state_live: str
    state_stopping: str
    output: str
    from_stderr: str
    follow: str
    pause: str
    resume: str
    copy: str
    copied: str
    not_copied: str
    download: str
    cancel: str
    no_output: str
    no_output_yet: str
    only_the_last: str
    renews_itself: str
    connection_lost: str
    access_ended: str
    asked_by: str
    asked_at: str
    asked_from: str
    took: str
    door: str
    who: str
    how_it_ended: str
    command: str
    under_way: str
    ended: str
    no_runs: str
    all_runs: str
    goes_on_for_others: str
    # How it ended
    done: str
    exited: str
    killed: str
    timed_out: str
    cancelled: str
    cancelled_because: str
    unkillable: str
    failed: str
    cut: str
    # The API as a page
    api: str
    api_lead: str
    api_log_in: str
    api_document: str
    api_needed: str
    api_answers: str
    api_example: str
    # Drawings
    drawing: str
    load_over_time: str
    now: str
    nearly_full: str
    # Everything else
    back_to_commands: str
    error: str
    whoami_title: str
    whoami: str
    decimal: str
    api_places: Mapping[str, str]
    errors: Mapping[int, tuple[str, str]]
    summaries: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    reasons: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
