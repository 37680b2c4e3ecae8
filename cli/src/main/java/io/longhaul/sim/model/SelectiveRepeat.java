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
package io.longhaul.sim.model;

import io.longhaul.sim.Timeline;
import java.util.ArrayDeque;

/// Sends again what was lost and nothing else. With a fixed timeout for each packet, as software over unreliable
/// connections does; or with gaps seen after 1.25 round trips and tail probes after 2.
///
/// Closed forms: bulk efficiency = 1 - p; time of a message = max over packets of (its place + timeout x (tries - 1)) +
/// a
/// round trip.
public final class SelectiveRepeat extends PacketModel {
    private static final byte ACKED = 1;
    private static final double GAP_ROUND_TRIPS = 1.25;
    private static final double TAIL_ROUND_TRIPS = 2;

    private final boolean probing;
    private final long timeoutNanos;
    private final long tailNanos;
    private final byte[] state; // [number], ring
    private final long[] sentNanos; // [number], ring, of the newest transmission
    private final int mask;
    private final byte[] arrived; // [number], ring at the receiver

    // Transmissions in the order of sending, each with its number and time.
    private final LongQueue timedNumbers = new LongQueue();
    private final LongQueue timedNanos = new LongQueue();
    private final LongQueue tailNumbers = new LongQueue();
    private final LongQueue tailSentNanos = new LongQueue();
    private final ArrayDeque<Long> lost = new ArrayDeque<>();
    private long next;
    private long base;
    private long newestAckedSentNanos = -1;

    /// Creates a model.
    ///
    /// @param timeoutRoundTrips fixed timeout in round trips; 0 for gaps and tail probes
    public SelectiveRepeat(Settings settings, Timeline timeline, double timeoutRoundTrips) {
        super(settings, timeline);
        probing = timeoutRoundTrips == 0;
        timeoutNanos = (long) ((probing ? GAP_ROUND_TRIPS : timeoutRoundTrips) * settings.rttNanos());
        tailNanos = (long) (TAIL_ROUND_TRIPS * settings.rttNanos());
        final double reach = 8 * Math.max(timeoutRoundTrips, TAIL_ROUND_TRIPS) * settings.packetsInFlight() + 1024;
        final int slots = Integer.highestOneBit((int) Math.min(1 << 28, reach)) * 2;
        mask = slots - 1;
        state = new byte[slots];
        sentNanos = new long[slots];
        arrived = new byte[slots];
    }

    @Override
    void onData(long nowNanos, long number) {
        final int slot = (int) number & mask;
        if (number >= base && arrived[slot] == 0) {
            arrived[slot] = 1;
            arrivedPackets++;
        }
        acknowledge(nowNanos, number);
    }

    @Override
    void onAck(long nowNanos, long number) {
        if (number < base) {
            return;
        }
        final int slot = (int) number & mask;
        state[slot] = ACKED;
        newestAckedSentNanos = Math.max(newestAckedSentNanos, sentNanos[slot]);
        while (base < next && state[(int) base & mask] == ACKED) {
            state[(int) base & mask] = 0;
            arrived[(int) base & mask] = 0;
            base++;
        }
    }

    private boolean isOpen(long number, long sent) {
        return number >= base && state[(int) number & mask] != ACKED && sentNanos[(int) number & mask] == sent;
    }

    @Override
    long timerNanos() {
        final long timed = timedNumbers.isEmpty() ? NEVER : timedNanos.first() + timeoutNanos;
        final long tail = tailNumbers.isEmpty() ? NEVER : tailSentNanos.first() + tailNanos;
        return Math.min(timed, tail);
    }

    @Override
    void onTimer(long nowNanos) {
        while (!timedNumbers.isEmpty() && timedNanos.first() + timeoutNanos <= nowNanos) {
            final long number = timedNumbers.take();
            final long sent = timedNanos.take();
            if (isOpen(number, sent)) {
                if (!probing || newestAckedSentNanos > sent) {
                    lost.add(number);
                } else {
                    tailNumbers.add(number);
                    tailSentNanos.add(sent);
                }
            }
        }
        while (!tailNumbers.isEmpty() && tailSentNanos.first() + tailNanos <= nowNanos) {
            final long number = tailNumbers.take();
            if (isOpen(number, tailSentNanos.take())) {
                lost.add(number);
            }
        }
    }

    @Override
    boolean hasPacket() {
        return !lost.isEmpty() || (next < goalPackets && next - base < mask);
    }

    @Override
    boolean trySend(long nowNanos) {
        final Long again = lost.poll();
        final long number = again == null ? next++ : again;
        sentNanos[(int) number & mask] = nowNanos;
        timedNumbers.add(number);
        timedNanos.add(nowNanos);
        send(nowNanos, number, again != null);
        return true;
    }

    @Override
    long firstUnsent() {
        return next;
    }

    @Override
    boolean isAllAcknowledged() {
        return base >= goalPackets;
    }
}
