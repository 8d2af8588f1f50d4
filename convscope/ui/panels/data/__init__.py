"""The data panel: a data set's classes, images, splits and augmentation."""
