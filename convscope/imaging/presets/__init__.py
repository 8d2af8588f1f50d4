"""Kernels that have a name: presets with parameters, and sets of them for a filter bank."""

from convscope.imaging.presets.banks import BANKS, Bank, bank
from convscope.imaging.presets.preset import Parameter, Preset
from convscope.imaging.presets.registry import PRESETS, groups, make

__all__ = ["BANKS", "PRESETS", "Bank", "Parameter", "Preset", "bank", "groups", "make"]
