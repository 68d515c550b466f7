"""`doorward completion`."""

import click

from doorward.cli.examples import WithExamples
from doorward.cli.root import COMPLETION_VARIABLE

SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    cls=WithExamples,
    examples=(
        "doorward completion bash > ~/.local/share/bash-completion/completions/doorward",
        "doorward completion zsh > ~/.zfunc/_doorward      (with ~/.zfunc in fpath)",
        "doorward completion fish > ~/.config/fish/completions/doorward.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
def command(*, shell: str) -> None:
    """
    Print a script that completes subcommands, options, files and the catalogue's commands in your shell.

    The names of commands come from the daemon that runs, else from the configuration.
    """
    from click.shell_completion import get_completion_class

    from doorward.cli.root import root

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"{shell} is not known to this version of click")
    script = found(root, {}, "doorward", COMPLETION_VARIABLE)
    # `source()` of bash would start a bash to look at its version: this only prints
    click.echo(script.source_template % script.source_vars())
