"""`doorward models`, its parts `list` and `serve`; `compare` is imported when it is asked for."""

import json
from typing import TYPE_CHECKING

import click

from doorward.cli.examples import GroupWithExamples, WithExamples
from doorward.cli.options import json_option
from doorward.core.addresses import Address, parse_address
from doorward.core.columns import aligned

if TYPE_CHECKING:
    from doorward.models._model import Model, Server


class _Models(GroupWithExamples):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["list", "serve", "compare"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "compare":
            from doorward.cli.models_compare import command as compare

            return compare
        return super().get_command(ctx, cmd_name)


@click.group(
    "models",
    cls=_Models,
    examples=(
        "doorward models list",
        "doorward models serve epoll",
        "doorward models compare",
    ),
)
def command() -> None:
    """
    Serve one protocol on every I/O model, to be read and compared.

    A model asks nobody who they are, has a small catalogue of its own, and listens on loopback only.
    """


@command.command(
    "list", cls=WithExamples, examples=("doorward models list", "doorward models list --json | jq '.[].name'")
)
@json_option
def list_models(*, as_json: bool) -> None:
    """
    List the models.

    Of each: how it waits, what that costs, and when to take it.
    """
    from doorward.models import NAMES

    about = [_about(name) for name in NAMES]
    if as_json:
        click.echo(json.dumps(about, ensure_ascii=False))
        return
    for each in about:
        rows = [(key, str(each[key])) for key in ("waits", "costs", "take_when", "missing") if key in each]
        click.echo(each["name"])
        click.echo(aligned([(key.replace("_", " "), text) for key, text in rows]), nl=False)


def _about(name: str) -> dict[str, object]:
    from doorward.models import find
    from doorward.models._model import ModelMissing

    try:
        model = find(name).MODEL
    except ModelMissing as error:
        return {"name": name, "missing": str(error)}
    return {
        "name": model.name,
        "waits": model.waits,
        "costs": model.costs,
        "take_when": model.take_when,
        "transport": model.transport,
        "most_peers": model.most_peers,
        "out_of_reach": {str(level): why for level, why in sorted(model.out_of_reach.items())},
    }


@command.command(
    "serve",
    cls=WithExamples,
    examples=("doorward models serve select", "doorward models serve fork --listen 127.0.0.1:7030 --keep"),
)
@click.argument("name", metavar="NAME")
@click.option(
    "--listen",
    default="127.0.0.1:0",
    show_default=True,
    metavar="ADDRESS:PORT",
    help="Where, on 127.0.0.0/8; port 0 takes a free one.",
)
@click.option("--keep", is_flag=True, help="Greet again after each answer, instead of closing.")
def serve(*, name: str, listen: str, keep: bool) -> None:
    """
    Serve on the model NAME, until Ctrl-C.

    It has a small catalogue of its own: uptime, df, whoami, echo WORDS, sleep SECONDS, count LAST and quit.
    """
    from doorward.core.limits import Limits
    from doorward.core.settings import LineSessionKind
    from doorward.models._serving import serve_model

    kind = LineSessionKind.KEEP if keep else LineSessionKind.ONCE
    address = _address(listen)
    serve_model(found_model(name), address.host, address.port, kind=kind, limits=Limits(), announce=_announce)


def found_model(name: str) -> "Server":
    """The model that a word of the command line names."""
    from doorward.core.invocation import did_you_mean
    from doorward.models import NAMES, find

    if name not in NAMES:
        hint = did_you_mean(name, NAMES) or f"; there are {', '.join(NAMES)}"
        raise click.BadParameter(f"there is no model {name[:40]!r}{hint}", param_hint="NAME")
    return find(name)


def _address(listen: str) -> Address:
    try:
        return parse_address(listen)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--listen") from error


def _announce(model: "Model", host: str, port: int) -> None:
    client = f"nc -u {host} {port}" if model.transport == "udp" else f"nc {host} {port}"
    click.echo(f"{model.name} listens on {host}:{port}; ask it with: {client}")
