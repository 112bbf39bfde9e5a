"""The tap: its settings, its streams, its command line."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk import Tap
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.plugin_base import SingerCommand, _ConfigInput
from singer_sdk.singerlib import Catalog

from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.config.environment import ENVIRONMENT, variables
from tap_ayrshare.config.settings import (
    DEFINITION,
    Settings,
    opted_in,
    unknown_names,
    unknown_variables,
)
from tap_ayrshare.engine.errors import SettingsError, StateError, TapError
from tap_ayrshare.engine.redaction import Redactor, redact_logs
from tap_ayrshare.engine.values import is_too_deep, one_line
from tap_ayrshare.preview.check import ConnectionCheck
from tap_ayrshare.preview.report import first_line, lines
from tap_ayrshare.run.emitter import Emitter
from tap_ayrshare.run.garbage import collect_less
from tap_ayrshare.run.state import State, accepted
from tap_ayrshare.singer.catalog import completed
from tap_ayrshare.singer.output import SingerOutput
from tap_ayrshare.singer.sdk_settings import sdk_settings
from tap_ayrshare.singer.stream import SingerStream
from tap_ayrshare.singer.writer import MessageWriter
from tap_ayrshare.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    import click
    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from tap_ayrshare.engine.messages import Checkpoint, Record


OWN_SETTINGS = frozenset(DEFINITION["properties"])
FROM_ENVIRONMENT = "ENV"
"""What --config takes instead of a file."""
HELP = """Extract social media metrics from Ayrshare as Singer messages on stdout.

\b
Find out what works, and how long a first run takes:
    TAP_AYRSHARE_API_KEY=... tap-ayrshare --config ENV --test
Load into a target, from the state of the last run on:
    tap-ayrshare --config config.json --state state.json | target-postgres --config target.json

Exit codes: 0 done, 1 failed and another run may succeed, 2 only a person can mend it.
"""
OPTIONS = {
    "config": "A JSON file with settings, or ENV for TAP_AYRSHARE_... variables; may be given more than once.",
    "test": "Report in a few requests what a run will find, what is wrong and how long it takes. "
    "--test=schema: write the SCHEMA messages without a request.",
    "discover": "Write the catalog: all streams and their columns.",
    "catalog": "A catalog with the streams and columns to extract.",
    "state": "The state that the last run wrote: its last STATE message, or what the target printed.",
    "about": "Describe the tap and its settings.",
}
"""What the options of the command line do."""


class TapAyrshare(Tap):
    """Singer tap for Ayrshare: posts, accounts and links of 13 social networks, kept as daily history."""

    name = "tap-ayrshare"
    # A copy: the SDK adds settings of its own to it.
    config_jsonschema: ClassVar[dict[str, Any]] = deepcopy(DEFINITION)
    message_writer_class = MessageWriter
    # No ACTIVATE_VERSION: it would delete the history at the target. No BATCH: of no use at this volume.
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    _settings: Settings | None = None

    def __init__(self, *, catalog: Any = None, state: Any = None, setup_mapper: bool = True, **more: Any) -> None:
        """Make a tap; see `Tap`.

        Raises:
            TapError: settings, catalog or state can't be used.
        """
        super().__init__(setup_mapper=False, **more)
        if catalog is not None:
            # The SDK reads a catalog without looking at it, so it gets one that is complete.
            self._input_catalog = Catalog.from_dict(completed(catalog, self.catalog_dict["streams"]))
            self._streams = self._catalog = None
        if setup_mapper:
            self.setup_mapper()
        if state:
            self.load_state(state)

    @property
    def settings(self) -> Settings:
        """The settings, checked."""
        if self._settings is None:
            self._settings = Settings.read(self.config)
        return self._settings

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings by `Settings.read`; the SDK's validation prints values, secrets among them."""
        self.append_builtin_config(self.config_jsonschema)
        if not raise_errors:
            return []
        settings, known = self.settings, self.config_jsonschema["properties"]
        redact_logs(settings.secrets)
        of_sdk = {name: schema for name, schema in known.items() if name not in OWN_SETTINGS}
        own = {name: value for name, value in self.config.items() if name not in of_sdk}
        self._config = {**own, **sdk_settings(self.config, of_sdk)}
        hidden = Redactor(settings.secrets).text
        warnings = [f"setting {line}" for line in unknown_names(map(hidden, self.config), known)]
        warnings += [f"environment variable {line}" for line in unknown_variables(map(hidden, os.environ), known)]
        for line in (*settings.warnings, *warnings):
            self.logger.warning("%s", line)
        return []

    def setup_mapper(self) -> None:
        """Read the stream maps and flattening settings.

        Raises:
            SettingsError: they can't be used; the SDK's own errors are tracebacks.
        """
        try:
            super().setup_mapper()
        except Exception as error:
            raise SettingsError(f"setting 'stream_maps': {one_line(error)}") from error

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805
        """Return the settings in the environment as text; the SDK's parser fails on numbers, naming none."""
        cls.append_builtin_config(cls.config_jsonschema)
        return dict(variables(cls.config_jsonschema["properties"]))

    def _setup_signal_handlers(self) -> None:
        """Leave signals alone; a run handles them itself (the SDK exits 0 on them)."""

    def discover_streams(self) -> Sequence[SingerStream]:
        """Return all streams."""
        named = opted_in(self.config)
        return [
            SingerStream(
                self,
                kind,
                self._read_alone,
                selected_by_default=stream_contract(kind.name).selected_by_default or kind.name in named,
            )
            for kind in STREAMS
        ]

    def load_state(self, state: dict[str, Any]) -> None:
        """Read a state that came in.

        Raises:
            StateError: it is invalid.
        """
        if not state:
            return
        streams: dict[str, SingerStream] = self.streams  # type: ignore[assignment]
        kinds = [stream.kind() for stream in streams.values()]
        value = accepted(state, kinds, [profile.label for profile in self.settings.profiles])
        self.state.update(value)  # type: ignore[typeddict-item]

    def sync_all(self) -> None:  # type: ignore[misc]
        """Read all selected streams.

        Final in the SDK, which walks one stream after another and one partition after another: a profile
        that waits for its limit would hold up all the others.
        """
        self._emitter([stream for stream in self.streams.values() if stream.selected]).run()  # type: ignore[misc]

    def _read_alone(self, stream: SingerStream) -> AsyncGenerator[Record | Checkpoint, None]:
        return self._emitter([stream]).messages()

    def _emitter(self, selected: Sequence[SingerStream]) -> Emitter:
        state = State(cast("dict[str, Any]", self.state))
        return Emitter(self.settings, state, [stream.name for stream in selected], SingerOutput(self, selected))

    def run_connection_test(self) -> bool:  # type: ignore[misc]
        """Say on stderr what will work; final in the SDK, which reads a record of every stream.

        Raises:
            TapError: nothing can be read.
        """
        sys.stderr.write(first_line(self.settings) + "\n")
        report = asyncio.run(ConnectionCheck(self.settings).run())
        sys.stderr.writelines(f"{line}\n" for line in lines(report))
        if report.failure:
            raise report.failure
        return True

    # The command line: one clear line instead of a traceback for what a user can cause.

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> _ConfigInput:
        """Read the files given as --config."""
        for path in value:
            if path != FROM_ENVIRONMENT and not Path(path).exists():
                hint = f"; did you mean --config {FROM_ENVIRONMENT}?" if path.upper() == FROM_ENVIRONMENT else ""
                raise SettingsError(f"--config: there is no file {path}{hint}")
        try:
            return super().cb_config(ctx, param, value)
        except OSError as error:
            why = error.strerror or error.__cause__ or "it isn't a file"
            raise SettingsError(f"--config: can't read {', '.join(value)}: {why}") from None
        except json.JSONDecodeError as error:
            raise SettingsError(f"--config: {', '.join(value)} isn't valid JSON: {error}") from None
        except (ValueError, TypeError, RecursionError):
            raise SettingsError(f"--config: {', '.join(value)} isn't a JSON object") from None

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: Any = None,
        catalog: Any = None,
    ) -> None:
        """Run the tap from the command line; see `Tap.invoke`."""
        if about:
            super().invoke(about=about, about_format=about_format)
        config = config or _ConfigInput()
        in_environment = f"{ENVIRONMENT}API_KEY" in os.environ
        if in_environment and not config.parse_env and not config.config.get("api_key"):
            raise SettingsError(
                f"api_key is in the environment: add --config {FROM_ENVIRONMENT} to read settings there"
            )
        if is_too_deep(config.config):
            raise SettingsError("--config: the settings are nested too deeply")
        tap = cls(
            config=config.config,
            parse_env_config=config.parse_env,
            state=_read_json("--state", state, StateError),
            catalog=_read_json("--catalog", catalog, SettingsError),
        )
        collect_less()
        tap.sync_all()

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command line, with errors as one line."""
        command = super().get_singer_command()
        return TapCommand(
            name=command.name,
            callback=command.callback,
            params=[_described(option) for option in command.params],
            help=HELP,
            context_settings=command.context_settings,
            logger=cls.logger,
        )


class TapCommand(SingerCommand):
    """The command `tap-ayrshare`."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command; a TapError is its last line and decides the exit code."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, lambda number, _frame: sys.exit(128 + number))
        try:
            return super().main(*args, **kwargs)
        except TapError as error:
            self.logger.error("%s", error)  # noqa: TRY400
            sys.exit(error.exit_code)


def _described(option: click.Parameter) -> click.Parameter:
    """Return an option of the command line with what it does in this tap."""
    if option.name in OPTIONS:
        option.help = OPTIONS[option.name]
    return option


def _read_json(option: str, file: Any, error: type[TapError]) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        text = file.read()
        value = json.loads(text) if text.strip() else None
    except json.JSONDecodeError as wrong:
        raise error(f"{option}: {file.name} isn't valid JSON: {wrong}") from None
    except (ValueError, OSError, RecursionError):
        raise error(f"{option}: {file.name} isn't valid JSON") from None
    if value is None and error is StateError:
        TapAyrshare.logger.warning("--state: %s is empty: starting without a state", file.name)
        return None
    if not isinstance(value, dict):
        raise error(f"{option}: {file.name} isn't a JSON object")
    if is_too_deep(value):
        raise error(f"{option}: {file.name} is nested too deeply")
    return value
