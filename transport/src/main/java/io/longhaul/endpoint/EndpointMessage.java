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

import io.longhaul.Message;
import io.longhaul.core.InboundMessage;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/// A message in the application's hands.
final class EndpointMessage implements Message {
    private final EndpointConnection connection;
    private final InboundMessage message;
    private final AtomicBoolean released = new AtomicBoolean();

    EndpointMessage(EndpointConnection connection, InboundMessage message) {
        this.connection = connection;
        this.message = message;
    }

    @Override
    public MemorySegment segment() {
        if (released.get()) {
            throw new IllegalStateException("the message was closed");
        }
        return message.segment();
    }

    @Override
    public long length() {
        return message.length();
    }

    @Override
    public void close() {
        if (released.compareAndSet(false, true)) {
            message.release();
            // The engine gives the credit back in its next turn.
            connection.schedule();
        }
    }
}
