"""Learning from a stream: batches come once, task after task, and no method knows where a task begins."""
