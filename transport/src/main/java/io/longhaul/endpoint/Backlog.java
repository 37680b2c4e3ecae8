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
import io.longhaul.Operation;
import io.longhaul.OperationException;
import io.longhaul.OperationStatus;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// Operations with futures: posted at once while there is room, and otherwise, in order, as soon as others have ended.
///
/// Threading: any thread.
final class Backlog {
    private final EndpointConnection connection;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>(1);
    private volatile int size;

    /// An operation that waits for room.
    private record Waiting(Operation operation, CompletableFuture<?> future) {}

    Backlog(EndpointConnection connection) {
        this.connection = connection;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /// Posts, now or later.
    ///
    /// @param result makes the value of the future from that of the operation
    <T> CompletableFuture<T> post(Operation operation, LongFunction<@Nullable T> result) {
        final CompletableFuture<T> future = new CompletableFuture<>();
        if (!connection.isPostable()) {
            future.completeExceptionally(connection.endException());
            return future;
        }
        operation.onComplete(ended -> complete(ended, future, result));
        synchronized (waiting) {
            try {
                if (!waiting.isEmpty() || !connection.tryPost(operation)) {
                    waiting.add(new Waiting(operation, future));
                    size = waiting.size();
                }
            } catch (ConnectionException e) {
                future.completeExceptionally(e);
                return future;
            }
        }
        // An operation may have ended in between and found nothing to post.
        drain();
        return future;
    }

    private <T> void complete(Operation ended, CompletableFuture<T> future, LongFunction<@Nullable T> result) {
        if (ended.status() == OperationStatus.SUCCESS) {
            future.complete(result.apply(ended.result()));
        } else {
            future.completeExceptionally(new OperationException(ended.status(), text(ended)));
        }
    }

    private String text(Operation operation) {
        final String region = operation.remote() == null
                ? ""
                : " of region \"" + operation.remote().name() + "\" at offset " + operation.remoteOffset();
        return operation.kind() + region + ", " + operation.length() + " bytes, on " + connection + " ended with "
                + operation.status();
    }

    /// Posts what there is room for; fails what waits when the connection has ended.
    void drain() {
        while (size > 0) {
            final Waiting failed;
            final ConnectionException cause;
            synchronized (waiting) {
                final Waiting next = waiting.peek();
                if (next == null) {
                    return;
                }
                try {
                    if (!connection.tryPost(next.operation)) {
                        return;
                    }
                    waiting.remove();
                    size = waiting.size();
                    continue;
                } catch (ConnectionException e) {
                    waiting.remove();
                    size = waiting.size();
                    failed = next;
                    cause = e;
                }
            }
            // Outside of the lock: this runs code of the application.
            failed.future.completeExceptionally(cause);
        }
    }
}
