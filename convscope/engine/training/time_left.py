"""How long a training still takes: from what each kind of its work has taken so far."""

from __future__ import annotations

from dataclasses import dataclass

# A step goes forwards and back, where maps and weights are each as much work again; validating is the first.
_FORWARD = 1 / 3


@dataclass
class TimeEstimate:
    """The one estimate of a training's time left: learning, validating, keeping, testing, and what follows.

    Attributes:
        images: trained an epoch.
        validation: images validated after each.
        epochs: when this part of the run is through, counted as the epochs are.
        tests: images tested at the end.
        test_image: seconds for one of them, where that is not what validating takes; None: not known.
        after: seconds of parts of the run that follow before testing; None: nobody knows.
        own_tests: whether an image is tested as it is validated.
        train_image, validation_image, keeping: seconds an image, an image and an epoch; None until measured.
    """

    images: int
    validation: int
    epochs: int
    tests: int = 0
    test_image: float | None = None
    after: float | None = 0.0
    own_tests: bool = True
    train_image: float | None = None
    validation_image: float | None = None
    keeping: float | None = None

    def left(self, epoch: int, trained: int, validated: int = 0) -> float | None:
        """Seconds from here; None while that would be a guess.

        Args:
            epoch: that is being trained, from 0.
            trained, validated: images of it so far.
        """
        if self.train_image is None or self.after is None:
            return None
        checked = self.validation_image
        if checked is None:
            checked = _FORWARD * self.train_image
        tested = checked if self.own_tests else self.test_image
        if tested is None:
            if self.tests:
                return None
            tested = 0.0
        kept = self.keeping or 0.0
        here = max(0, self.images - trained) * self.train_image
        here += max(0, self.validation - validated) * checked + kept
        each = self.images * self.train_image + self.validation * checked + kept
        return here + max(0, self.epochs - epoch - 1) * each + self.tests * tested + self.after
