"""What ``harness.registry`` had before it became several modules; gone when that path goes."""

from __future__ import annotations

from harness._plugins.discovery import load as load
from harness._plugins.registry import BUILTIN as BUILTIN
from harness._plugins.registry import HookAnswer as HookAnswer
from harness._plugins.registry import PluginRow as PluginRow
from harness._plugins.registry import RegisteredComponent as RegisteredComponent
from harness._plugins.registry import Registry as Registry
from harness._plugins.single_files import import_files as import_files
from harness._plugins.single_files import plugin_files as plugin_files
from harness._plugins.targets import import_object as import_object
from harness._plugins.targets import source_file as source_file
from harness._plugins.targets import source_sha256 as source_sha256
from harness.did_you_mean import did_you_mean as did_you_mean
