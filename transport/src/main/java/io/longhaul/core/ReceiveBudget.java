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
package io.longhaul.core;

import java.util.concurrent.atomic.AtomicLong;

/// Receive memory that the connections of an endpoint may promise to their peers, together.
///
/// Beyond its start, a connection holds at most as much as is left, however often it asks, so that those who come later
/// find something: alone it holds half of all, n connections an (n + 1)th each (Choudhury and Hahne, Dynamic Queue
/// Length
/// Thresholds, 1998, with a factor of 1).
///
/// Threading: any thread.
public final class ReceiveBudget {
    private final AtomicLong left;

    /// Creates it.
    ///
    /// @param bytes what may be promised in all
    public ReceiveBudget(long bytes) {
        left = new AtomicLong(bytes);
    }

    /// Bytes that are not promised; below zero for a moment when connections begin at the same time.
    public long leftBytes() {
        return left.get();
    }

    /// Takes all or nothing.
    public boolean tryTake(long bytes) {
        long now = left.get();
        while (now >= bytes) {
            if (left.compareAndSet(now, now - bytes)) {
                return true;
            }
            now = left.get();
        }
        return false;
    }

    /// Takes so much that its holder has at most what is left then.
    ///
    /// @param heldBytes what it has already
    /// @return what was taken, 0 and more
    long takeShare(long wantedBytes, long heldBytes) {
        while (true) {
            final long now = left.get();
            final long taken = Math.max(0, Math.min(wantedBytes, (now - heldBytes) / 2));
            if (taken == 0 || left.compareAndSet(now, now - taken)) {
                return taken;
            }
        }
    }

    /// Takes all that its holder wants, if it then has at most what is left.
    boolean tryTakeShare(long wantedBytes, long heldBytes) {
        while (true) {
            final long now = left.get();
            if (wantedBytes > (now - heldBytes) / 2) {
                return false;
            }
            if (left.compareAndSet(now, now - wantedBytes)) {
                return true;
            }
        }
    }

    /// Takes what was promised already, whatever is left.
    void force(long bytes) {
        left.addAndGet(-bytes);
    }

    /// Gives back.
    public void give(long bytes) {
        left.addAndGet(bytes);
    }
}
