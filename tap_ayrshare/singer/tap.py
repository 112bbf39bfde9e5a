"""The tap: its settings, its streams, its command line."""

from __future__ import annotations

import asyncio
import os
import sys
from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar, cast

import click
from singer_sdk import Tap
from singer_sdk._logging import _setup_console_logging
from singer_sdk.cli import plugin_cli
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.plugin_base import PluginBase, _ConfigInput
from singer_sdk.singerlib import Catalog
from singer_sdk.tap_base import CliTestOptionValue

from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.config.environment import variables
from tap_ayrshare.config.nearest import unknown_names
from tap_ayrshare.config.settings import DEFINITION, Settings, opted_in, secrets_in, unknown_variables
from tap_ayrshare.engine.errors import SettingsError, StateError
from tap_ayrshare.engine.redaction import Redactor, redact_logs
from tap_ayrshare.engine.values import one_line
from tap_ayrshare.preview.check import ConnectionCheck
from tap_ayrshare.preview.report import first_line, lines
from tap_ayrshare.run.emitter import Emitter
from tap_ayrshare.run.garbage import collect_less
from tap_ayrshare.run.state import State, accepted
from tap_ayrshare.singer.about import described
from tap_ayrshare.singer.catalog import completed
from tap_ayrshare.singer.command import LOG_LEVEL, TapCommand, json_object, log_level, read_config, require_key
from tap_ayrshare.singer.output import SingerOutput
from tap_ayrshare.singer.sdk_settings import sdk_settings, useless_maps
from tap_ayrshare.singer.stream import SingerStream
from tap_ayrshare.singer.writer import MessageWriter
from tap_ayrshare.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from singer_sdk.helpers.capabilities import CapabilitiesEnum
    from singer_sdk.plugin_base import SingerCommand

    from tap_ayrshare.engine.messages import Checkpoint, Record


OWN_SETTINGS = frozenset(DEFINITION["properties"])


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
        known = self.config_jsonschema["properties"]
        hidden = Redactor(secrets_in(self.config)).text
        # First, since a misspelled name is why a setting is missing.
        warnings = [f"setting {line}" for line in unknown_names(map(hidden, self.config), known)]
        warnings += [f"environment variable {line}" for line in unknown_variables(map(hidden, os.environ), known)]
        for line in warnings:
            self.logger.warning("%s", line)
        settings = self.settings
        redact_logs(settings.secrets)
        of_sdk = {name: schema for name, schema in known.items() if name not in OWN_SETTINGS}
        own = {name: value for name, value in self.config.items() if name not in of_sdk}
        self._config = {**own, **sdk_settings(self.config, of_sdk)}
        for line in (*settings.warnings, *useless_maps(self._config.get("stream_maps", {}))):
            self.logger.warning("%s", line)
        return []

    def setup_mapper(self) -> None:
        """Read the stream maps and flattening settings; a map of a stream that isn't selected does nothing.

        The SDK applies a map of `*` to deselected streams too, and fails because they have no columns
        (docs/upstream.md). Its errors are tracebacks.

        Raises:
            SettingsError: they can't be used.
        """
        try:
            PluginBase.setup_mapper(self)
            selected = {name: entry for name, entry in self.catalog.items() if self.streams[name].selected}
            self.mapper.register_raw_streams_from_catalog(Catalog(selected))
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

    def write_schemas(self) -> None:  # type: ignore[misc]
        """Write the SCHEMA messages of all streams."""
        for stream in self.streams.values():
            stream.selected = True
        self.setup_mapper()
        super().write_schemas()

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

    # The command line

    @plugin_cli
    def cli(cls) -> click.Command:  # noqa: N805
        """Return the command line, with a log; the SDK's ends in a traceback where there is no such level."""
        try:
            os.environ[LOG_LEVEL] = log_level()
        except SettingsError as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(error.exit_code)
        _setup_console_logging(log_level=os.environ[LOG_LEVEL])
        return cls.get_singer_command()

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command line, with errors as one line."""
        return TapCommand.of(cast("SingerCommand", super().get_singer_command()))

    @classmethod
    def print_about(cls, output_format: str | None = None) -> None:
        """Print what the tap and its settings are."""
        if output_format:
            super().print_about(output_format)
        else:
            click.echo(described(cls._get_about_info()))

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> _ConfigInput:  # noqa: ARG003
        """Read the files given as --config."""
        return read_config(value)

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Run the tap in test mode, if it is asked for."""
        if value != CliTestOptionValue.Disabled.value:
            require_key(ctx.params["config"])
        super().cb_test(ctx, param, value)

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: str | None = None,
        catalog: str | None = None,
    ) -> None:
        """Run the tap; state and catalog are paths of files."""
        if about:
            super().invoke(about=about, about_format=about_format)
        config = config or _ConfigInput()
        require_key(config)
        tap = cls(
            config=config.config,
            parse_env_config=config.parse_env,
            state=json_object("--state", state, StateError) if state is not None else None,
            catalog=json_object("--catalog", catalog, SettingsError) if catalog is not None else None,
        )
        collect_less()
        tap.sync_all()
