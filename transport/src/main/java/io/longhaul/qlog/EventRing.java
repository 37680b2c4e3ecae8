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
package io.longhaul.qlog;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Events on their way from one agent to one writer: a bounded ring that refuses what does not fit, and counts it.
///
/// Threading: one thread offers, one polls.
final class EventRing {
    /// Numbers of an event.
    static final int FIELDS = 10;

    private static final VarHandle HEAD;
    private static final VarHandle TAIL;
    private static final VarHandle DROPPED;

    static {
        try {
            final MethodHandles.Lookup lookup = MethodHandles.lookup();
            HEAD = lookup.findVarHandle(EventRing.class, "head", long.class);
            TAIL = lookup.findVarHandle(EventRing.class, "tail", long.class);
            DROPPED = lookup.findVarHandle(EventRing.class, "dropped", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long[] fields; // [slot * FIELDS + field]
    private final @Nullable String[] texts; // [slot]
    private final int mask;

    @SuppressWarnings("UnusedVariable") // by VarHandle
    private long head;

    @SuppressWarnings("UnusedVariable") // by VarHandle
    private long tail;

    @SuppressWarnings("UnusedVariable") // by VarHandle
    private long dropped;

    /// @param capacity events, a power of two
    EventRing(int capacity) {
        assert Integer.bitCount(capacity) == 1 : "capacity is a power of two";
        mask = capacity - 1;
        fields = new long[capacity * FIELDS];
        texts = new @Nullable String[capacity];
    }

    /// Claims a place for the next event; its fields are then put, and {@link #publish} hands it over.
    ///
    /// @return index of its first field, or -1: there is no room, and the event is counted as dropped
    int claim() {
        final long at = (long) TAIL.get(this); // our own
        // Acquire: what the writer has read may be overwritten.
        if (at - (long) HEAD.getAcquire(this) > mask) {
            DROPPED.setRelease(this, (long) DROPPED.get(this) + 1);
            return -1;
        }
        return ((int) at & mask) * FIELDS;
    }

    void put(int index, long value) {
        fields[index] = value;
    }

    /// Hands the claimed event over.
    void publish(@Nullable String text) {
        final long at = (long) TAIL.get(this); // our own
        texts[(int) at & mask] = text;
        // Release: the fields are seen before the event is.
        TAIL.setRelease(this, at + 1);
    }

    /// Index of the first field of the oldest event; -1 when there is none.
    int poll() {
        final long at = (long) HEAD.get(this); // our own
        return at == (long) TAIL.getAcquire(this) ? -1 : ((int) at & mask) * FIELDS;
    }

    long get(int index) {
        return fields[index];
    }

    /// Text of the polled event.
    @Nullable
    String text() {
        return texts[(int) ((long) HEAD.get(this)) & mask];
    }

    /// Gives the place of the polled event back.
    void release() {
        HEAD.setRelease(this, (long) HEAD.get(this) + 1);
    }

    /// True when half of the ring or more is taken. The offering thread.
    boolean isHalfFull() {
        return (long) TAIL.get(this) - (long) HEAD.getAcquire(this) > mask >>> 1;
    }

    /// Events that found no room.
    long dropped() {
        return (long) DROPPED.getAcquire(this);
    }
}
