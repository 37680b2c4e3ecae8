package io.longhaul.cli.transfer;

/// What a finished transfer did.
///
/// @param sizeBytes length of the whole
/// @param resumedBytes bytes of it that an earlier try had moved
/// @param seconds from the first posted byte until the receiver had put the whole in its place
/// @param digest digest of the whole, found equal on both sides
public record TransferReport(long sizeBytes, long resumedBytes, double seconds, byte[] digest) {
    /// Bytes that this transfer moved.
    public long movedBytes() {
        return sizeBytes - resumedBytes;
    }
}
