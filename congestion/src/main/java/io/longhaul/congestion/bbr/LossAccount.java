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

    private final int packetBytes;
    private long lostBytes;
    private long ackedBytes;
    private long ackedPackets;
    private long markedPackets;
    private double floorLostBytes;
    private double floorSentBytes;

    private double lossFraction;
    private long lostPackets;
    private double ceFraction;

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
        lostPackets = presentLostPackets();
        ceFraction = ackedPackets == 0 ? 0 : (double) markedPackets / ackedPackets;
        if (belowCapacity) {
            refuteFloor();
            if (queueFree) {
                learnFloor();
            }
        }
        reset();
    }

    /// Forgets the present round.
    void reset() {
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
        return (lostBytes + packetBytes - 1) / packetBytes;
    }

    boolean presentMarked() {
        return markedPackets > 0;
    }

    /// Share that the last whole round lost, 0..1.
    double lossFraction() {
        return lossFraction;
    }

    long lostPackets() {
        return lostPackets;
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
