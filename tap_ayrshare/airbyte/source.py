"""The command `source-ayrshare`: spec, check, discover and read."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteStreamStatus,
    DestinationSyncMode,
    Status,
    StreamDescriptor,
    SyncMode,
)
from airbyte_cdk.sources import Source
from airbyte_cdk.utils.airbyte_secrets_utils import update_secrets
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from tap_ayrshare.airbyte.catalog import LOSES_HISTORY, catalog, is_history, specification
from tap_ayrshare.airbyte.output import AirbyteOutput, LogMessages, failure_type
from tap_ayrshare.config.files import UnusableFile, json_file
from tap_ayrshare.config.nearest import unknown_names
from tap_ayrshare.config.opt_in import readable
from tap_ayrshare.config.settings import DEFINITION, Settings, secrets_in
from tap_ayrshare.engine.errors import SettingsError, StateError, TapError
from tap_ayrshare.engine.redaction import Redactor, SecretFormatter, redact_logs
from tap_ayrshare.engine.values import is_too_deep, one_line
from tap_ayrshare.preview.check import ConnectionCheck
from tap_ayrshare.preview.report import first_line, lines
from tap_ayrshare.run.emitter import Emitter
from tap_ayrshare.run.garbage import collect_less
from tap_ayrshare.run.state import VERSION, State, accepted
from tap_ayrshare.run.stdout import abandon
from tap_ayrshare.streams import STREAMS
from tap_ayrshare.streams.source import MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping, Sequence
    from types import FrameType

    from airbyte_cdk.models import (
        AirbyteCatalog,
        AirbyteMessage,
        AirbyteStateMessage,
        ConfiguredAirbyteCatalog,
        ConnectorSpecification,
    )


class Failure(AirbyteTracedException):
    """An error as the CDK prints it."""

    def __init__(self, error: TapError) -> None:
        super().__init__(message=str(error), failure_type=failure_type(error))
        self.exit_code = error.exit_code


class SourceAyrshare(Source):
    """Posts, accounts and links of 13 social networks, kept as daily history."""

    # `Settings.read` checks the config; the CDK's check shows values, keys among them.
    check_config_against_spec = False

    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:  # noqa: ARG002
        """Return the config; the CDK would write it to a file, with its keys."""
        return config

    def spec(self, logger: logging.Logger) -> ConnectorSpecification:  # noqa: ARG002
        """Return the settings as a form."""
        return specification()

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Return whether anything can be read; what a sync will find is logged, as by `tap-ayrshare --test`."""
        try:
            settings = _settings(logger, config)
            logger.info(first_line(settings))
            report = asyncio.run(ConnectionCheck(settings).run())
        except TapError as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=str(error))
        for line in lines(report):
            logger.info(line.strip("\n"))
        if report.failure:
            return AirbyteConnectionStatus(status=Status.FAILED, message=str(report.failure))
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:  # noqa: ARG002
        """Return all streams."""
        return catalog()

    @staticmethod
    def read_config(config_path: str) -> MutableMapping[str, Any]:
        """Return the config in a file.

        Raises:
            Failure: it can't be read.
        """
        try:
            config = json_file(config_path)
        except UnusableFile as problem:
            raise Failure(SettingsError(f"--config: can't read {config_path}: {problem}")) from None
        if not isinstance(config, dict):
            raise Failure(SettingsError(f"--config: {config_path} isn't a JSON object"))
        return config

    @classmethod
    def read_catalog(cls, catalog_path: str) -> ConfiguredAirbyteCatalog:
        """Return the streams that are to be synced.

        Raises:
            Failure: it can't be read.
        """
        try:
            return super().read_catalog(catalog_path)
        except Exception as error:  # noqa: BLE001 - the parser's are of its own kind
            raise Failure(SettingsError(f"--catalog: invalid: {one_line(error)}")) from None

    @classmethod
    def read_state(cls, state_path: str) -> list[AirbyteStateMessage]:
        """Return the state that came in.

        Raises:
            Failure: it can't be read.
        """
        try:
            return super().read_state(state_path)
        except Exception as error:  # noqa: BLE001 - the parser's are of its own kind
            raise Failure(StateError(f"--state: invalid: {one_line(error)}; clear it for a full sync")) from None

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Read the streams of a catalog; yield records, behind them the state that covers them.

        The state counts in a full refresh too: the platform gives one only if an earlier try of the same refresh
        was ended.

        Raises:
            Failure: the sync failed or was ended; what was read until then has been yielded.
        """
        try:
            settings = _settings(logger, config)
            labels = [profile.label for profile in settings.profiles]
            bookmarks = State(accepted(_bookmarks(state or []), [kind() for kind in STREAMS], labels))
            selected = _modes(logger, catalog)
            modes = {name: selected[name] for name in readable(selected, settings)}
        except TapError as error:
            raise Failure(error) from None
        output = AirbyteOutput(bookmarks, modes)
        sync = _Sync(Emitter(settings, bookmarks, selected, output), output)
        logs = LogMessages(output)
        logs.setFormatter(SecretFormatter(None, settings.secrets))
        with _logging_to(logs, logger.getEffectiveLevel()), sync.interruptible():
            yield from sync.messages()
        # A platform takes a stream without an end for one that failed.
        for name in sorted(selected.keys() - modes.keys()):
            for status in (AirbyteStreamStatus.STARTED, AirbyteStreamStatus.COMPLETE):
                yield status_message(StreamDescriptor(name=name), status)
        unknown = [one.stream.name for one in catalog.streams if one.stream.name not in selected]
        for name in unknown:
            yield status_message(StreamDescriptor(name=name), AirbyteStreamStatus.INCOMPLETE)
        if cause := sync.error or output.failure:
            raise Failure(cause) if isinstance(cause, TapError) else cause
        if unknown:
            listed = ", ".join(name[:60] for name in unknown)
            raise Failure(SettingsError(f"--catalog: unknown streams: {listed}; refresh the schema"))


class _Sync:
    """A run in a thread of its own; error: what ended it."""

    def __init__(self, emitter: Emitter, output: AirbyteOutput) -> None:
        self._emitter = emitter
        self._output = output
        self.error: BaseException | None = None

    def messages(self) -> Iterator[AirbyteMessage]:
        """Yield the messages of the run."""
        thread = threading.Thread(target=self._run, name="sync", daemon=True)
        thread.start()
        try:
            yield from self._output.messages()
        except BaseException:
            self._emitter.stop("nobody reads any more")
            self._output.discard()
            raise
        finally:
            thread.join()

    def _run(self) -> None:
        try:
            self._emitter.run()
        except BaseException as error:  # noqa: BLE001 - raised where the messages are read
            self.error = error
        finally:
            self._output.finish()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM end the run at a safe point."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def end(signum: int, _frame: FrameType | None) -> None:
            self._emitter.interrupt(signum)

        handlers = {signum: signal.signal(signum, end) for signum in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for signum, handler in handlers.items():
                signal.signal(signum, handler)


@contextmanager
def _logging_to(logs: logging.Handler, level: int) -> Iterator[None]:
    """Let what is logged become messages of the sync."""
    logger = logging.getLogger("tap_ayrshare")
    before = logger.level, logger.propagate
    logger.addHandler(logs)
    logger.setLevel(level)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(logs)
        logger.level, logger.propagate = before


def _settings(logger: logging.Logger, config: Mapping[str, Any]) -> Settings:
    """Return the checked settings; from now on no key is logged.

    Raises:
        SettingsError: one can't be used.
    """
    if is_too_deep(config):
        raise SettingsError("--config: the settings are nested too deeply")
    hidden = Redactor(secrets_in(config)).text
    for line in unknown_names(map(hidden, config), DEFINITION["properties"]):
        logger.warning("setting %s", line)
    settings = Settings.read(config)
    redact_logs(settings.secrets)
    update_secrets(sorted(settings.secrets))
    for line in settings.warnings:
        logger.warning(line)
    return settings


def _modes(logger: logging.Logger, catalog: ConfiguredAirbyteCatalog) -> dict[str, SyncMode]:
    """Return how the streams are synced that this source has, by name; say which lose their history."""
    known = {kind.name for kind in STREAMS}
    streams = [one for one in catalog.streams if one.stream.name in known]
    for one in streams:
        overwrites = one.destination_sync_mode is DestinationSyncMode.overwrite
        if overwrites and one.sync_mode is SyncMode.full_refresh and is_history(one.stream.name):
            logger.warning("%s: %s", one.stream.name, LOSES_HISTORY)
    return {one.stream.name: one.sync_mode for one in streams}


def _bookmarks(states: Sequence[AirbyteStateMessage]) -> dict[str, Any]:
    """Return the state of the streams as one, in the shape that `accepted` checks.

    Raises:
        StateError: it isn't one of streams.
    """
    bookmarks: dict[str, Any] = {}
    memory: dict[str, Any] = {}
    more: dict[str, Any] = {}
    for message in states:
        if message.stream is None:
            raise StateError("invalid state: it isn't a state of streams; clear it for a full sync")
        blob = dict(vars(message.stream.stream_state)) if message.stream.stream_state else {}
        if VERSION in blob:
            more[VERSION] = blob.pop(VERSION)
        if "memory" in blob:
            memory[MEMORY] = {"partitions": blob.pop("memory")}
        if blob:
            bookmarks[message.stream.stream_descriptor.name] = blob
    return {"bookmarks": bookmarks | memory, **more}


class Entrypoint(AirbyteEntrypoint):
    """The CDK's command line."""

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Leave it to the source: the CDK's check shows values, keys among them."""


def main() -> None:
    """Run the command line."""
    entrypoint = Entrypoint(SourceAyrshare())
    collect_less()
    arguments = entrypoint.parse_args(sys.argv[1:] or ["--help"])
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            # The CDK's buffer would hold a line back until there is another one.
            handler.setStream(sys.stdout)
    try:
        for line in entrypoint.run(arguments):
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except Failure as error:
        message = error.as_sanitized_airbyte_message()
        if message.trace and message.trace.error:
            # It is for people, who have the one line that they need.
            message.trace.error.stack_trace = None
        sys.stdout.write(f"{entrypoint.airbyte_message_to_string(message)}\n")
        sys.stdout.flush()
        sys.exit(error.exit_code)
    except OSError as error:
        abandon()
        sys.stderr.write(f"can't write to stdout: {error.strerror}\n")
        sys.exit(1)
