"""Where images come from: files, the clipboard, the drawing pad, a camera."""
