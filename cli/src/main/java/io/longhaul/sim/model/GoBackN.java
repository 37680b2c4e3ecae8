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

/// A reliable connection of RDMA: the receiver takes packets in order only; at the first that is not, it asks for all
/// from there on again.
///
/// Closed form, N packets in a round trip or in the window: efficiency = (1 - p) / (1 + (N - 1) p).
public final class GoBackN extends PacketModel {
    /// RXE_MAX_UNACKED_PSNS of Linux' Soft-RoCE.
    public static final int RXE_PACKETS = 128;

    private static final int TIMEOUT_ROUND_TRIPS = 3;

    private final long windowPackets;
    private final long timeoutNanos;
    private long acknowledged;
    private long next;
    private long highest;
    private long progressNanos;

    private long expected;
    private long lastOutOfOrder = -1;

    /// Creates a model.
    ///
    /// @param windowPackets packets that may be unacknowledged
    public GoBackN(Settings settings, Timeline timeline, long windowPackets) {
        super(settings, timeline);
        this.windowPackets = windowPackets;
        timeoutNanos = TIMEOUT_ROUND_TRIPS * settings.rttNanos();
    }

    @Override
    void onData(long nowNanos, long number) {
        if (number == expected) {
            expected++;
            arrivedPackets++;
            lastOutOfOrder = -1;
            acknowledge(nowNanos, expected);
        } else if (number > expected) {
            // Numbers that fall show that the sender has gone back and lost the first packet once more.
            if (lastOutOfOrder < 0 || number <= lastOutOfOrder) {
                acknowledge(nowNanos, -expected - 1);
            }
            lastOutOfOrder = number;
        }
    }

    @Override
    void onAck(long nowNanos, long number) {
        final boolean again = number < 0;
        final long upTo = again ? -number - 1 : number;
        if (upTo > acknowledged) {
            acknowledged = upTo;
            progressNanos = nowNanos;
            next = Math.max(next, upTo);
        }
        if (again && upTo == acknowledged) {
            next = upTo;
            progressNanos = nowNanos;
        }
    }

    @Override
    long timerNanos() {
        return acknowledged < next ? progressNanos + timeoutNanos : NEVER;
    }

    @Override
    void onTimer(long nowNanos) {
        next = acknowledged;
        progressNanos = nowNanos;
    }

    @Override
    boolean hasPacket() {
        return next < goalPackets && next - acknowledged < windowPackets;
    }

    @Override
    boolean trySend(long nowNanos) {
        if (next == acknowledged) {
            progressNanos = nowNanos;
        }
        send(nowNanos, next, next < highest);
        next++;
        highest = Math.max(highest, next);
        return true;
    }

    @Override
    long firstUnsent() {
        return highest;
    }

    @Override
    boolean isAllAcknowledged() {
        return acknowledged >= goalPackets;
    }
}
