package io.longhaul.cli;

import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;

/// Memory that the sessions of a server share.
///
/// Threading: any thread.
final class MemoryBudget {
    private long freeBytes;

    MemoryBudget(long bytes) {
        freeBytes = bytes;
    }

    /// A piece of the memory, given back by closing it.
    ///
    /// Threading: closed by one thread.
    final class Share implements AutoCloseable {
        private final long bytes;
        private boolean open = true;

        private Share(long bytes) {
            this.bytes = bytes;
        }

        long bytes() {
            return bytes;
        }

        @Override
        public void close() {
            if (open) {
                open = false;
                give(bytes);
            }
        }
    }

    /// Takes as much as is wanted, or half of what is left, so that the next session finds some.
    ///
    /// @param leastBytes what is of use at all
    /// @throws RefusalException LIMIT_REACHED when there is less
    synchronized Share take(long wantedBytes, long leastBytes) throws RefusalException {
        final long bytes = Math.min(wantedBytes, Math.max(freeBytes / 2, Math.min(freeBytes, leastBytes)));
        if (bytes < Math.min(wantedBytes, leastBytes)) {
            throw new RefusalException(
                    RefusalCode.LIMIT_REACHED,
                    "the server's memory is taken by other transfers; try again later, or raise its --max-memory");
        }
        freeBytes -= bytes;
        return new Share(bytes);
    }

    private synchronized void give(long bytes) {
        freeBytes += bytes;
    }
}
