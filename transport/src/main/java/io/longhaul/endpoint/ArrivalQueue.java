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
package io.longhaul.endpoint;

import io.longhaul.ConnectionException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Things that arrived and wait to be taken, until it ends: what arrived before the end can still be taken.
///
/// Threading: any thread.
final class ArrivalQueue<T> {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<T> queue = new ArrayDeque<>(1);
    private @Nullable Supplier<ConnectionException> end;

    /// Adds, unless the queue has ended.
    ///
    /// @return false when it has
    boolean add(T item) {
        lock.lock();
        try {
            if (end != null) {
                return false;
            }
            queue.add(item);
            changed.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Waits for an item.
    ///
    /// @return null when none came in time
    /// @throws ConnectionException when the queue has ended and is empty
    @Nullable
    T poll(Duration timeout) throws InterruptedException {
        long remainingNanos = Saturation.nanos(timeout);
        lock.lockInterruptibly();
        try {
            while (queue.isEmpty()) {
                if (end != null) {
                    throw end.get();
                }
                if (remainingNanos <= 0) {
                    return null;
                }
                remainingNanos = changed.awaitNanos(remainingNanos);
            }
            return queue.remove();
        } finally {
            lock.unlock();
        }
    }

    /// Takes out what {@code taker} accepts, in order, up to the first item that it declines, which stays first.
    void offerTo(Predicate<T> taker) {
        while (true) {
            final T item = tryPoll();
            if (item == null) {
                return;
            }
            if (!taker.test(item)) {
                putBack(item);
                return;
            }
        }
    }

    private void putBack(T item) {
        lock.lock();
        try {
            queue.addFirst(item);
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Takes the first item; null when there is none.
    @Nullable
    T tryPoll() {
        lock.lock();
        try {
            return queue.poll();
        } finally {
            lock.unlock();
        }
    }

    /// Ends the queue. The first call counts.
    ///
    /// @param cause makes what {@link #poll} throws
    void end(Supplier<ConnectionException> cause) {
        lock.lock();
        try {
            if (end == null) {
                end = cause;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    int size() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }
}
