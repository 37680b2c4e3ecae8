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

import io.longhaul.ByteStream;
import io.longhaul.Connection.Listener;
import io.longhaul.ConnectionException;
import io.longhaul.Message;
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What the peer did: told to the application's listener, or queued until somebody asks.
///
/// Threading: {@code on*} methods and {@link #listener} the agent; everything else any thread.
final class Arrivals {
    /// Immediates that may wait.
    static final int MAX_QUEUED_IMMEDIATES = 1 << 20;

    private final BiConsumer<String, Throwable> callbackFailure;
    private final ArrivalQueue<Message> messages = new ArrivalQueue<>();
    private final ArrivalQueue<Immediate> immediates = new ArrivalQueue<>();
    private final ArrivalQueue<ByteStream> streams = new ArrivalQueue<>();
    private Listener listener = new Listener() {};

    /// An immediate and the length of its write.
    private record Immediate(int value, long lengthBytes) {}

    /// Creates it.
    ///
    /// @param callbackFailure is told which callback threw what
    Arrivals(BiConsumer<String, Throwable> callbackFailure) {
        this.callbackFailure = callbackFailure;
    }

    /// Sets the listener and offers it what is queued.
    void listener(Listener newListener) {
        listener = newListener;
        messages.offerTo(this::tell);
        immediates.offerTo(this::tell);
        streams.offerTo(this::tell);
    }

    void onMessage(Message message) {
        if (!tell(message) && !messages.add(message)) {
            message.close();
        }
    }

    /// Takes an immediate.
    ///
    /// @return false when too many wait
    boolean onImmediate(int value, long lengthBytes) {
        final Immediate immediate = new Immediate(value, lengthBytes);
        return tell(immediate) || !immediates.add(immediate) || immediates.size() <= MAX_QUEUED_IMMEDIATES;
    }

    void onStream(EndpointStream stream) {
        if (!tell(stream) && !streams.add(stream)) {
            stream.close();
        }
    }

    void onClosed(@Nullable ConnectionException cause) {
        try {
            listener.onClosed(cause);
        } catch (Throwable e) {
            callbackFailure.accept("onClosed", e);
        }
    }

    private boolean tell(Message message) {
        try {
            return listener.onMessage(message);
        } catch (Throwable e) {
            callbackFailure.accept("onMessage", e);
            return true;
        }
    }

    private boolean tell(Immediate immediate) {
        try {
            return listener.onImmediate(immediate.value(), immediate.lengthBytes());
        } catch (Throwable e) {
            callbackFailure.accept("onImmediate", e);
            return true;
        }
    }

    private boolean tell(ByteStream stream) {
        try {
            return listener.onStream(stream);
        } catch (Throwable e) {
            callbackFailure.accept("onStream", e);
            return true;
        }
    }

    @Nullable
    Message message(Duration timeout) throws InterruptedException {
        return messages.poll(timeout);
    }

    /// The next immediate as an unsigned value, or -1.
    long immediate(Duration timeout) throws InterruptedException {
        final Immediate immediate = immediates.poll(timeout);
        return immediate == null ? -1 : Integer.toUnsignedLong(immediate.value());
    }

    @Nullable
    ByteStream stream(Duration timeout) throws InterruptedException {
        return streams.poll(timeout);
    }

    /// Ends the queues; what they hold can still be taken.
    void end(Supplier<ConnectionException> cause) {
        messages.end(cause);
        immediates.end(cause);
        streams.end(cause);
    }

    /// Drops what nobody will take any more, after the end: gives the memory of messages back.
    void drop() {
        Message message = messages.tryPoll();
        while (message != null) {
            message.close();
            message = messages.tryPoll();
        }
    }
}
