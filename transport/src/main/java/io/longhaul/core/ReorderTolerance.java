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

/// How much reordering one lane shows, and so how long a missing packet may be late before it counts as lost.
///
/// Two measures grow with what was seen: how many later packets may overtake one, and by how much time. Each late
/// packet
/// tells both: a packet that was declared lost and arrived all the same, and one that was seen missing and arrived
/// before
/// it was given up. So one lesson is enough where doubling a threshold would take seven, with wrong losses before each.
/// Beyond {@value #MAX_PACKET_THRESHOLD} packets, to count them proves nothing: then time alone decides (RFC 8985
/// §6.2).
/// Worked number: 2 ms of reordering at 100 Gb/s on one lane are 2,770 packets of 9,000 bytes.
///
/// What was learned is forgotten by halves, each after {@value #ROUNDS_PER_LESSON} round trips that did not show it
/// again.
final class ReorderTolerance {
    /// Packet threshold at the start.
    //= RFC 9002 §6.1.1
    static final int INITIAL_PACKET_THRESHOLD = 3;

    /// Largest packet threshold; beyond it, time alone decides.
    static final int MAX_PACKET_THRESHOLD = 256;

    /// Packet threshold that no packet reaches.
    static final int TIME_ALONE = Integer.MAX_VALUE;

    private static final int MAX_STEPS = 8;
    private static final int ROUNDS_PER_LESSON = 64;

    private int packetThreshold = INITIAL_PACKET_THRESHOLD;
    private int steps = 1;

    /// Time of the last lesson, or of the last one that was forgotten.
    private long lessonNanos;

    private boolean taught;

    ReorderTolerance() {}

    /// Later packets that must have been reported for a missing one to be lost; {@link #TIME_ALONE} for any number.
    int packetThreshold() {
        return packetThreshold;
    }

    /// How much later than its successors a packet may arrive: an eighth of the round trip, at least 1 ms or what
    /// the
    /// round trip allows, times the steps learned, at most the round trip.
    //= RFC 8985 §6.2 step 4
    long windowNanos(long smoothedRttNanos) {
        return Math.min(stepNanos(smoothedRttNanos) * steps, smoothedRttNanos);
    }

    private static long stepNanos(long smoothedRttNanos) {
        return Math.min(Math.max(smoothedRttNanos / 8, 1_000_000), Math.max(smoothedRttNanos / 4, 100_000));
    }

    /// A packet was declared lost and arrived after all: allows for half as much again as it was late.
    ///
    /// @param behindPackets by how many packets it was overtaken
    /// @param lateNanos its round trip beyond the smoothed one
    void onSpurious(long nowNanos, long behindPackets, long lateNanos, long smoothedRttNanos) {
        lessonNanos = nowNanos;
        taught = true;
        allowPackets(behindPackets);
        allowTime(lateNanos, smoothedRttNanos);
    }

    /// Something was sent again needlessly, and nothing tells which packet was how late: more patience in both
    /// measures,
    /// once in a round trip, because one late burst is one lesson.
    void onUnexplained(long nowNanos, long smoothedRttNanos) {
        if (taught && nowNanos - lessonNanos <= smoothedRttNanos) {
            return;
        }
        lessonNanos = nowNanos;
        taught = true;
        packetThreshold = packetThreshold >= MAX_PACKET_THRESHOLD ? TIME_ALONE : 2 * packetThreshold;
        packetThreshold = packetThreshold == TIME_ALONE ? TIME_ALONE : Math.min(MAX_PACKET_THRESHOLD, packetThreshold);
        steps = Math.min(MAX_STEPS, steps + 1);
    }

    /// A packet that had been seen missing arrived before it was given up: what was learned is still true, and what
    /// was
    /// nearly not enough grows.
    ///
    /// @param behindPackets by how many packets it was overtaken when it was seen missing last
    /// @param lateNanos its round trip beyond the smoothed one
    void onLate(long nowNanos, long behindPackets, long lateNanos, long smoothedRttNanos) {
        final int known = Math.min(packetThreshold, MAX_PACKET_THRESHOLD);
        final boolean manyPackets = packetThreshold > INITIAL_PACKET_THRESHOLD && 2 * behindPackets >= known;
        final boolean longTime = steps > 1 && 2 * lateNanos >= windowNanos(smoothedRttNanos);
        if (manyPackets || longTime) {
            lessonNanos = nowNanos;
        }
        allowPackets(behindPackets);
    }

    private void allowPackets(long behindPackets) {
        final long wanted = behindPackets + behindPackets / 2 + 1;
        if (wanted > packetThreshold) {
            packetThreshold = wanted > MAX_PACKET_THRESHOLD ? TIME_ALONE : (int) wanted;
        }
    }

    private void allowTime(long lateNanos, long smoothedRttNanos) {
        final long wantedNanos = lateNanos + lateNanos / 2;
        while (steps < MAX_STEPS && windowNanos(smoothedRttNanos) < Math.min(wantedNanos, smoothedRttNanos)) {
            steps++;
        }
    }

    /// Forgets a part of what no late packet has confirmed for some time, so that a path that has stopped to
    /// reorder is
    /// repaired quickly again: half of the packets and half of the steps.
    void forget(long nowNanos, long smoothedRttNanos) {
        if (packetThreshold == INITIAL_PACKET_THRESHOLD && steps == 1
                || nowNanos - lessonNanos < ROUNDS_PER_LESSON * smoothedRttNanos) {
            return;
        }
        lessonNanos = nowNanos;
        packetThreshold = packetThreshold == TIME_ALONE
                ? MAX_PACKET_THRESHOLD
                : Math.max(INITIAL_PACKET_THRESHOLD, packetThreshold / 2);
        steps = Math.max(1, steps / 2);
    }
}
