"""The images that are open: the film strip, which one is current, and those that can be opened again."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

from psygnal import Signal

from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image
from convscope.imaging.samples import samples
from convscope.workspace.document import Document, Part

KEPT_BYTES = 256 << 20  # of closed images that can be opened again


@dataclass(frozen=True)
class OpenImages:
    """The things of one kind that are open: their ids in order, and which one is current."""

    ids: tuple[str, ...] = ()
    current: str | None = None

    def added(self, ids: Sequence[str]) -> OpenImages:
        """With more of them at the end, the first of which is current."""
        return OpenImages((*self.ids, *ids), ids[0])

    def inserted(self, at: int, one: str) -> OpenImages:
        """With one more at a place, and current."""
        return OpenImages((*self.ids[:at], one, *self.ids[at:]), one)

    def without(self, one: str, heir: int) -> OpenImages:
        """Without one; if it was current, the one at the place `heir` of the others is."""
        left = tuple(each for each in self.ids if each != one)
        if self.current != one:
            return OpenImages(left, self.current)
        return OpenImages(left, left[min(max(heir, 0), len(left) - 1)] if left else None)

    def among(self, known: Container[str], otherwise: OpenImages) -> OpenImages:
        """Those of them that still exist; `otherwise` if none does."""
        left = tuple(each for each in dict.fromkeys(self.ids) if each in known)
        if not left:
            return otherwise
        return OpenImages(left, self.current if self.current in left else left[-1])


class WorkspaceImages:
    """The part of the workspace that images are.

    Signals:
        images_changed: the film strip: tuple of Image, after adding or removing.
        image_changed: the current image: another one, or a new frame of the same source.
    """

    images_changed = Signal(tuple)
    image_changed = Signal(Image)

    document: Document

    def _begin_images(self, first: tuple[Image, ...]) -> None:
        self._strip = self.document.part("images", OpenImages())
        # By id, in the order of opening; those that are closed but can be opened again, too.
        self._pictures: dict[str, Part[Image]] = {}
        self._closed: dict[str, int] = {}
        for image in first:
            self._keep_image(image)
        self._strip.set(OpenImages().added([image.id for image in first]))
        self._images, self._image = first, first[0]
        self._strip.changed.connect(self._show_images)

    @property
    def images(self) -> tuple[Image, ...]:
        """All open images, in the order of the film strip."""
        return self._images

    @property
    def current(self) -> int:
        """The current image's place in the strip."""
        return self._strip.value.ids.index(self._image.id)

    @property
    def image(self) -> Image:
        return self._image

    @property
    def strip(self) -> Part[OpenImages]:
        """Which images are open: for a step that changes more than them. `with_image` makes its values."""
        return self._strip

    def with_image(self, image: Image) -> OpenImages:
        """The strip with this image current; one that is open already is chosen."""
        strip = self._strip.value
        if image.id in strip.ids:
            return replace(strip, current=image.id)
        self._keep_image(image)
        return strip.added([image.id])

    def add_images(self, images: Iterable[Image]) -> None:
        """Open more images and make the first of them current. A file that is open already is replaced."""
        added = tuple(images)
        if not added:
            return
        paths = {image.path for image in added if image.path is not None}
        new = {image.id for image in added}
        strip = self._strip.value
        for image in self._images:
            if image.path in paths or image.id in new:
                strip = OpenImages(tuple(each for each in strip.ids if each != image.id))
        for image in added:
            self._keep_image(image)
        title = f"Open {added[0].name}" if len(added) == 1 else f"Open {len(added)} images"
        self._strip.edit(strip.added([image.id for image in added]), title)

    def select_image(self, image_id: str) -> None:
        """Make another open image the current one.

        Raises:
            KeyError: no such image is open.
        """
        if image_id not in self._strip.value.ids:
            raise KeyError(image_id)
        # Flicking through the strip is one step.
        label = f"Choose {self._pictures[image_id].value.name}"
        self._strip.edit(replace(self._strip.value, current=image_id), label, merge="choose an image")

    def update_image(self, image: Image, image_id: str = "", label: str = "") -> Image:
        """Another picture in the place of an open one, by default of the current one, which keeps its id.

        Args:
            label: makes it an undoable step; without, it is a frame of something live.

        Returns:
            The image that is open now: the picture under that id.

        Raises:
            KeyError: no such image is open.
        """
        image_id = image_id or self._image.id
        if image_id not in self._strip.value.ids:
            raise KeyError(image_id)
        kept = image if image.id == image_id else replace(image, id=image_id)
        part = self._pictures[image_id]
        if label:
            part.edit(kept, label, merge=image_id)
        else:
            part.set(kept)
        return kept

    def bring_images(self, images: Sequence[Image], strip: OpenImages | None) -> OpenImages:
        """Images that were open before, under the ids that they had. Returns a value for the `strip`.

        Args:
            strip: which of them were open, and current; None: all, the first is.
        """
        for image in images:
            self._keep_image(image)
        every = OpenImages().added([image.id for image in images])
        return strip.among(every.ids, every) if strip is not None else every

    def remove_image(self, image_id: str, *, keep: bool = True) -> None:
        """Close an image; the last one stays open, so that there is always something to see.

        Args:
            keep: it can be opened again, by `reopen_image` and by undo.

        Raises:
            KeyError: no such image is open.
        """
        strip = self._strip.value
        if image_id not in strip.ids:
            raise KeyError(image_id)
        if len(strip.ids) == 1:
            return
        after = strip.without(image_id, strip.ids.index(image_id))
        if keep:
            self._strip.edit(after, f"Close {self._pictures[image_id].value.name}")
        else:
            self._strip.set(after)
            self._forget_image(image_id)

    @property
    def closed_image(self) -> Image | None:
        """The image that was closed last, with what was drawn or typed into it; None: there is none."""
        last = next(reversed(self._closed), None)
        return self._pictures[last].value if last is not None else None

    def reopen_image(self) -> None:
        """Open the image again that was closed last, in its old place, and make it current."""
        last = next(reversed(self._closed), None)
        if last is None:
            return
        image, strip = self._pictures[last].value, self._strip.value
        again = next((one for one in self._images if image.path is not None and one.path == image.path), None)
        if again is not None:
            # Its file was opened anew meanwhile.
            self.select_image(again.id)
            self._forget_image(last)
            return
        place = min(self._closed[last], len(strip.ids))
        self._strip.edit(strip.inserted(place, last), f"Open {image.name} again")

    def _keep_image(self, image: Image) -> None:
        known = self._pictures.get(image.id)
        if known is not None:
            known.set(image)
            return
        self._pictures[image.id] = part = self.document.part(image.id, image, kept=False)
        part.changed.connect(self._show_images)

    def _forget_image(self, image_id: str) -> None:
        self._closed.pop(image_id, None)
        del self._pictures[image_id]
        self.document.drop(image_id)

    def _show_images(self, *_: object) -> None:
        strip = self._strip.value.among(self._pictures, OpenImages((self._image.id,), self._image.id))
        if strip != self._strip.value:
            # An undone step may name an image that is gone for good.
            self._strip.set(strip)
            return
        for place, one in enumerate(self._images):
            if one.id not in strip.ids and one.id in self._pictures:
                self._closed[one.id] = place
        for image_id in [image_id for image_id in self._closed if image_id in strip.ids]:
            del self._closed[image_id]
        closed = [self._pictures[one].value for one in self._closed]
        # Closed images take no more than their share of memory.
        while len(closed) > 1 and sum(image.values.nbytes for image in closed) > KEPT_BYTES:
            self._forget_image(closed.pop(0).id)
        images = tuple(self._pictures[one].value for one in strip.ids)
        assert strip.current is not None
        image = images[strip.ids.index(strip.current)]
        changed = len(images) != len(self._images) or any(
            a is not b for a, b in zip(images, self._images, strict=True)
        )
        other, self._images, self._image = image is not self._image, images, image
        with self.document.following():
            if changed:
                self.images_changed.emit(images)
            if other:
                self.image_changed.emit(image)


def sample_images() -> tuple[Image, ...]:
    """The shipped images; the app opens on the first."""
    return tuple(load_image(sample.path) for sample in samples())


def unique_name(stem: str, taken: Iterable[Image]) -> str:
    """ "drawing", or "drawing 2" when there is one already."""
    names = {image.name for image in taken}
    number, name = 1, stem
    while name in names:
        number += 1
        name = f"{stem} {number}"
    return name
