"""The command line: one file per command. The only place that prints, asks, exits, or knows about colour."""

from zsync.cli.app import main

__all__ = ["main"]
