"""All commands, each in the file of its kind."""

import typer

from pganomaly.cli.commands import about, looking, model, showing, stages, store, watching


def application() -> typer.Typer:
    """Return the commands."""
    app = typer.Typer(
        help="Watches PostgreSQL and says which query started to misbehave, since when, why, and what to do.",
        no_args_is_help=True,
        add_completion=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    for room in (showing, watching, looking, stages, model, store, about):
        room.register(app)
    return app
