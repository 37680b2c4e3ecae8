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

import io.longhaul.Connection;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A connection that writes without pause, and how fast it is.
final class EstablishedFlow implements AutoCloseable {
    private static final int OUTSTANDING = 16;
    private static final long BYTES = 1 << 20;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment source = arena.allocate(BYTES);
    private final Connection connection;
    private final RemoteRegion target;
    private final AtomicLong moved = new AtomicLong();
    private final AtomicReference<@Nullable OperationStatus> failure = new AtomicReference<>();
    private volatile boolean goingOn = true;

    /// Starts it.
    EstablishedFlow(Endpoint server, Connection connection) {
        this.connection = connection;
        server.expose("flow", arena.allocate(BYTES), Grant.of(Right.WRITE));
        target = connection.lookup("flow").join();
        for (int i = 0; i < OUTSTANDING; i++) {
            post(new Operation());
        }
    }

    private void post(Operation operation) {
        operation.write(source, 0, BYTES, target, 0).onComplete(this::onEnd);
        connection.post(operation);
    }

    private void onEnd(Operation ended) {
        if (ended.status() != OperationStatus.SUCCESS) {
            failure.compareAndSet(null, ended.status());
        } else {
            moved.addAndGet(BYTES);
            if (goingOn) {
                post(new Operation());
            }
        }
    }

    /// Bytes that have arrived since the start.
    long movedBytes() {
        return moved.get();
    }

    /// Its goodput from now on.
    ///
    /// @param seconds how long it is watched
    double bitsPerSecond(double seconds) {
        final long bytes = moved.get();
        final long start = System.nanoTime();
        final long end = start + (long) (seconds * 1e9);
        while (System.nanoTime() - end < 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
        return 8e9 * (moved.get() - bytes) / (System.nanoTime() - start);
    }

    /// Why it broke; null when it did not.
    @Nullable
    OperationStatus failure() {
        return failure.get();
    }

    @Override
    public void close() {
        goingOn = false;
        connection.close();
        arena.close();
    }
}
