"""`doorward completion`."""

import click

from doorward.cli.examples import WithExamples
from doorward.cli.root import COMPLETION_VARIABLE

SHELLS = ("bash", "zsh", "fish")

BASH = r"""
%(complete_func)s() {
    # bash splits words at the characters of COMP_WORDBREAKS, such as = and :, and we want those of the line
    local rest=$COMP_LINE word joined=() last=0 index completion type value
    for ((index = 0; index < ${#COMP_WORDS[@]}; index++)); do
        word=${COMP_WORDS[index]}
        if ((index > 0)) && [[ -n $COMP_LINE && -n $word && $rest != [[:space:]]* ]]; then
            joined[${#joined[@]}-1]+=$word
        else
            joined+=("$word")
        fi
        rest=${rest#*"$word"}
        ((index == COMP_CWORD)) && last=$((${#joined[@]} - 1))
    done

    # bash replaces only what stands after the last of those characters
    local current=${joined[last]} kept=""
    if [[ -n $COMP_LINE && $current == *[=:]* ]]; then
        kept=${current%%"${current##*[=:]}"}
    fi

    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                COMPREPLY+=("${value#"$kept"}")
                [[ $value == *= || $value == *:// ]] && compopt -o nospace
                ;;
        esac
    done < <(IFS=$'\n'; env COMP_WORDS="${joined[*]}" COMP_CWORD="$last" %(complete_var)s=bash_complete "$1")
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""
"""The completion of bash; click's own offers nothing behind the = of `name=value`."""


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
    template = BASH if shell == "bash" else script.source_template
    # `source()` of bash would start a bash to look at its version: this only prints
    click.echo(template % script.source_vars())
