"""A folder of pictures as a table of what the network says of each."""

from convscope.ui.panels.explain.folder.view import FolderView

__all__ = ["FolderView"]
