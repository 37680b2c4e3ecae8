package io.longhaul.cli.perf;

/// What is measured. The ordinals travel: new ones go to the end.
public enum PerfOperation {
    /// One-sided writes.
    WRITE,
    /// One-sided reads.
    READ,
    /// Messages.
    SEND,
    /// One byte stream; an operation is a block of it.
    STREAM,
    /// Fetch-and-add on 8 bytes.
    ATOMIC;

    /// True when the server exposes a region for it.
    boolean needsRegion() {
        return this == WRITE || this == READ || this == ATOMIC;
    }
}
