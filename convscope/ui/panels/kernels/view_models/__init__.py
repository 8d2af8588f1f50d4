"""What the kernel lab shows and asks, without Qt: the document in, frames and maps out."""
