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
package io.longhaul.congestion.bbr;

/// What each round lost and how much of that the path loses even when it is not full.
///
/// The floor is learned from packets that were sent below the known bandwidth: what those lose, the path corrupts; a
/// policer or a short buffer loses nothing there. Only this share is made up for by pacing faster.
final class LossAccount {
    /// Bytes, in packets, over which the floor is averaged: 64 losses at 1 %, a standard error of an eighth.
    private static final int FLOOR_MEMORY_PACKETS = 6400;
    /// Packets before the floor is believed.
    private static final int FLOOR_MIN_PACKETS = 200;
    /// Largest share that counts as corruption: above it, making up for loss would only feed it.
    private static final double FLOOR_MAX = 0.1;

    /// Standard deviations by which a round must lose less than the floor says to refute it.
    private static final double REFUTING_DEVIATIONS = 3;

    /// Packets after which a share of losses lasts, in whole rounds, and rounds after which it does at the latest:
    /// one
    /// burst fills a round of few packets, and reaches into the next.
    private static final int PERIOD_PACKETS = 128;

    private static final int PERIOD_ROUNDS = 8;

    private final int packetBytes;
    private long lostBytes;
    private long ackedBytes;
    private long ackedPackets;
    private long markedPackets;
    private double floorLostBytes;
    private double floorSentBytes;

    private double lossFraction;
    private double ceFraction;

    private long periodLostBytes;
    private long periodBytes;
    private int periodRounds;
    private boolean periodEnded;
    private double periodFraction;
    private long periodLostPackets;

    LossAccount(int packetBytes) {
        this.packetBytes = packetBytes;
    }

    void onAcked(long bytes, long packets, long cePackets) {
        ackedBytes += bytes;
        ackedPackets += packets;
        markedPackets += Math.min(packets, cePackets);
    }

    void onLost(long bytes) {
        lostBytes += bytes;
    }

    /// Takes back bytes that were not lost after all.
    void onSpurious(long bytes) {
        lostBytes = Math.max(0, lostBytes - bytes);
    }

    /// Closes the round.
    ///
    /// @param belowCapacity true when what the round reported on was sent below the known bandwidth
    /// @param queueFree true when nothing of the round can have been lost to a full buffer
    void onRoundEnd(boolean belowCapacity, boolean queueFree) {
        lossFraction = presentFraction();
        ceFraction = ackedPackets == 0 ? 0 : (double) markedPackets / ackedPackets;
        if (belowCapacity) {
            refuteFloor();
            if (queueFree) {
                learnFloor();
            }
        }
        extendPeriod();
        clearRound();
    }

    private void extendPeriod() {
        periodLostBytes += lostBytes;
        periodBytes += presentBytes();
        periodRounds++;
        periodEnded = periodBytes >= (long) PERIOD_PACKETS * packetBytes || periodRounds >= PERIOD_ROUNDS;
        if (periodEnded) {
            periodFraction = periodLostBytes == 0 ? 0 : (double) periodLostBytes / periodBytes;
            periodLostPackets = packets(periodLostBytes);
            clearPeriod();
        }
    }

    /// Forgets the present round, and the present period.
    void reset() {
        clearRound();
        clearPeriod();
    }

    private void clearPeriod() {
        periodLostBytes = 0;
        periodBytes = 0;
        periodRounds = 0;
    }

    private void clearRound() {
        lostBytes = 0;
        ackedBytes = 0;
        ackedPackets = 0;
        markedPackets = 0;
    }

    /// Share of the bytes reported on in the present round that were lost, 0..1.
    double presentFraction() {
        return lostBytes == 0 ? 0 : (double) lostBytes / ((double) lostBytes + ackedBytes);
    }

    long presentBytes() {
        return lostBytes + ackedBytes;
    }

    long presentLostPackets() {
        return packets(lostBytes);
    }

    private long packets(long bytes) {
        return (bytes + packetBytes - 1) / packetBytes;
    }

    boolean presentMarked() {
        return markedPackets > 0;
    }

    /// Share that the last whole round lost, 0..1.
    double lossFraction() {
        return lossFraction;
    }

    /// True when the last whole round ended a period: as many rounds as a share of losses takes to be more than a
    /// burst.
    boolean periodEnded() {
        return periodEnded;
    }

    /// Share that the last whole period lost, 0..1.
    double periodFraction() {
        return periodFraction;
    }

    long periodLostPackets() {
        return periodLostPackets;
    }

    /// Share of the packets of the last whole round that were marked, 0..1.
    double ceFraction() {
        return ceFraction;
    }

    /// Share that the path loses without being full, 0..{@value #FLOOR_MAX}.
    double floorFraction() {
        if (floorSentBytes < (double) FLOOR_MIN_PACKETS * packetBytes) {
            return 0;
        }
        return Math.min(FLOOR_MAX, floorLostBytes / floorSentBytes);
    }

    /// Takes a share for the floor: cutting the rate did not make it smaller.
    void adoptFloor(double fraction) {
        floorSentBytes = (double) FLOOR_MEMORY_PACKETS * packetBytes;
        floorLostBytes = fraction * floorSentBytes;
    }

    private void refuteFloor() {
        final double sentBytes = (double) lostBytes + ackedBytes;
        final double expectedPackets = floorFraction() * sentBytes / packetBytes;
        if (presentLostPackets() < expectedPackets - REFUTING_DEVIATIONS * Math.sqrt(expectedPackets)) {
            // Sending less has lost clearly less: what was believed was overflow, not corruption.
            floorLostBytes = 0;
            floorSentBytes = 0;
        }
    }

    private void learnFloor() {
        floorLostBytes += lostBytes;
        floorSentBytes += (double) lostBytes + ackedBytes;
        final double memoryBytes = (double) FLOOR_MEMORY_PACKETS * packetBytes;
        if (floorSentBytes > memoryBytes) {
            final double keep = memoryBytes / floorSentBytes;
            floorLostBytes *= keep;
            floorSentBytes *= keep;
        }
    }
}
