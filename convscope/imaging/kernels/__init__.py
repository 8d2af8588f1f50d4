"""Kernels that have a name: presets with parameters, and sets of them for a filter bank."""

from convscope.imaging.kernels.banks import BANKS, Bank, bank
from convscope.imaging.kernels.preset import Preset
from convscope.imaging.kernels.registry import PRESETS, groups, make

__all__ = ["BANKS", "PRESETS", "Bank", "Preset", "bank", "groups", "make"]
