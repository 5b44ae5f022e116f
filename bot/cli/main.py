"""Which command is meant, and what does its end mean to a shell? The only place that turns a mistake into an exit code.

0: all done, or done already. 1: some delivery did not succeed. 2: a person's mistake. 3: something is in doubt.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from bot import __version__
from bot.errors import BotError

DONE, NOT_ALL, MISTAKE, IN_DOUBT = 0, 1, 2, 3
_INTERRUPTED = 130

# In the order of the help page. A command is imported when it is called, so that none slows the others down.
COMMANDS = {
    "init": "bot.cli.init",
    "check": "bot.cli.check",
    "preview": "bot.cli.preview",
    "post": "bot.cli.post",
    "correct": "bot.cli.correct",
    "run": "bot.cli.run",
    "day": "bot.cli.day",
    "calendar": "bot.cli.calendar",
    "card": "bot.cli.card",
    "people": "bot.cli.people",
    "simulate": "bot.cli.simulate",
    "import": "bot.cli.exchange:import_",
    "export": "bot.cli.exchange:export",
    "channels": "bot.cli.channels",
    "subscribe": "bot.cli.subscribe",
    "unsubscribe": "bot.cli.unsubscribe",
    "deliveries": "bot.cli.deliveries",
    "why": "bot.cli.why",
    "retry": "bot.cli.retry",
    "settle": "bot.cli.settle",
    "database": "bot.cli.database",
    "schema": "bot.cli.schema",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute or "command")
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from bot.documents import suggestion

            raise click.UsageError(f"there is no command {args[0]!r}; {suggestion(args[0], list(COMMANDS))}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", "-V", message="thisday %(version)s")
@click.option("--config", "-c", type=click.Path(path_type=Path), help="The config file; ./config.yaml if not given.")
@click.option("--verbose", "-v", is_flag=True, help="Say more on standard error.")
@click.pass_context
def thisday(ctx: click.Context, config: Path | None, *, verbose: bool) -> None:
    """Tells channels, every day at their own hour, what happened on this day."""
    ctx.obj = (config, verbose)


def run() -> None:
    """The entry point of the command."""
    # A command lives for a moment and leaves no cycles worth looking for; `thisday run` looks for them again.
    gc.disable()
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Runs one command and returns its exit code; what went wrong is on standard error."""
    try:
        return int(thisday.main(arguments, prog_name="thisday", standalone_mode=False) or DONE)
    except click.ClickException as error:
        error.show()
        return MISTAKE
    except BotError as error:
        click.echo(str(error), err=True)
        return MISTAKE
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader has seen enough (`thisday calendar | head`); Python must not complain about it at its end.
        sys.stderr.close()
        return DONE
