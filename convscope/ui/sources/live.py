"""An image that changes while it is looked at: its place in the film strip."""

from __future__ import annotations

from convscope.imaging.image import Image
from convscope.workspace.workspace import Workspace


class LivePlace:
    """Keeps one source's newest picture at one place of the strip.

    Args:
        workspace: whose strip.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._id: str | None = None

    @property
    def occupied(self) -> bool:
        """Whether the source's picture is still in the strip: the person may have closed it."""
        return any(image.id == self._id for image in self._workspace.images)

    def show(self, image: Image, *, choose: bool = True) -> None:
        """Put the newest picture in the place of the last one, or at the end if that was closed.

        Args:
            choose: make it the current image; else a person may look at another one meanwhile.
        """
        if self._id is not None and self.occupied:
            self._workspace.update_image(image, self._id)
            if choose:
                self._workspace.select_image(self._id)
        else:
            self._workspace.add_images([image])
            self._id = image.id

    @property
    def image_id(self) -> str | None:
        """The picture that it is at; None before the first."""
        return self._id

    def return_to(self, image_id: str) -> bool:
        """Go on at the place of an earlier picture, if that is in the strip."""
        self._id = image_id
        return self.occupied

    def leave(self) -> None:
        """The picture stays as it is; the next one gets a place of its own."""
        self._id = None
