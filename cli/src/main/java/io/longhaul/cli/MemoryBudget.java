/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
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
