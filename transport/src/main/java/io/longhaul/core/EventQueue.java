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

import io.longhaul.ConnectionException;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import org.jspecify.annotations.Nullable;

/// Events waiting for the application: a ring of reused records that grows and never shrinks.
final class EventQueue {
    private EngineEvent[] ring = new EngineEvent[4]; // [slot], length a power of two
    private long head;
    private long tail;

    EventQueue() {
        for (int i = 0; i < ring.length; i++) {
            ring[i] = new EngineEvent();
        }
    }

    private EngineEvent add(EngineEvent.Type type) {
        // One slot stays free: the event that was polled last is still in the caller's hands.
        if (tail - head >= ring.length - 1) {
            grow();
        }
        final EngineEvent event = ring[(int) (tail++ & ring.length - 1)];
        event.clear();
        event.type = type;
        return event;
    }

    private void grow() {
        final EngineEvent[] larger = new EngineEvent[ring.length * 2];
        // The event polled last (head - 1) keeps its slot too.
        for (long i = head - 1; i < head - 1 + ring.length; i++) {
            larger[(int) (i & larger.length - 1)] = ring[(int) (i & ring.length - 1)];
        }
        for (int i = 0; i < larger.length; i++) {
            if (larger[i] == null) {
                larger[i] = new EngineEvent();
            }
        }
        ring = larger;
    }

    @Nullable
    EngineEvent poll() {
        if (head == tail) {
            return null;
        }
        return ring[(int) (head++ & ring.length - 1)];
    }

    boolean isEmpty() {
        return head == tail;
    }

    void established() {
        add(EngineEvent.Type.ESTABLISHED);
    }

    void operationEnded(Operation operation, OperationStatus status, long result) {
        final EngineEvent event = add(EngineEvent.Type.OPERATION_ENDED);
        event.operation = operation;
        event.status = status;
        event.value = result;
    }

    void message(InboundMessage message) {
        add(EngineEvent.Type.MESSAGE).message = message;
    }

    void immediate(int immediate, long lengthBytes) {
        final EngineEvent event = add(EngineEvent.Type.IMMEDIATE);
        event.value = immediate & 0xffff_ffffL;
        event.length = lengthBytes;
    }

    void streamOpened(EngineStream stream) {
        add(EngineEvent.Type.STREAM_OPENED).stream = stream;
    }

    void streamReady(EngineStream stream) {
        add(EngineEvent.Type.STREAM_READY).stream = stream;
    }

    void lookupEnded(long token, OperationStatus status, long key, long length, int rights) {
        final EngineEvent event = add(EngineEvent.Type.LOOKUP_ENDED);
        event.token = token;
        event.status = status;
        event.value = key;
        event.length = length;
        event.rights = rights;
    }

    void closed(ConnectionException.@Nullable Reason reason, String text) {
        final EngineEvent event = add(EngineEvent.Type.CLOSED);
        event.closeReason = reason;
        event.closeText = text;
    }
}
