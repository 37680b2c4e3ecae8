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

import io.longhaul.congestion.RttEstimator;
import io.longhaul.core.wire.ProbeFlyweight;
import org.jspecify.annotations.Nullable;

/// Decides which PROBE packets leave: path MTU, lanes, keep-alive, credit.
final class Probes {
    /// Probes whose time of sending is kept: all that the start of a connection sends.
    private static final int KEPT = 32;

    private final PathMtu mtu;
    private final SendLane[] lanes;
    private final OperationTable operations;
    private final @Nullable PacketSealer sealer;
    private final long[] sentNanos = new long[KEPT]; // [nonce modulo KEPT]
    private long nonce;
    private int kept;
    private long leastRttNanos; // 0 before the first answer
    private long answeredNanos;
    private int lanesToProbe;
    private boolean keepAlive;
    private long blockedDueNanos;
    private int laneOfProbe;

    /// @param sealer wants lanes probed whose key is to be confirmed; or null
    Probes(
            PathMtu mtu,
            SendLane[] lanes,
            OperationTable operations,
            @Nullable PacketSealer sealer,
            long seed,
            long nowNanos) {
        this.sealer = sealer;
        this.mtu = mtu;
        this.lanes = lanes;
        this.operations = operations;
        nonce = seed;
        blockedDueNanos = nowNanos;
        lanesToProbe = lanes.length;
    }

    /// A probe was answered. Answers leave at once, so the time since the probe is a round trip.
    void onAnswer(long nowNanos, long answeredNonce) {
        final long age = nonce - answeredNonce; // modulo 2^64
        if (age >= 1 && age <= kept) {
            final long rttNanos = Math.max(1, nowNanos - sentNanos[(int) Math.floorMod(answeredNonce, (long) KEPT)]);
            leastRttNanos = leastRttNanos == 0 ? rttNanos : Math.min(leastRttNanos, rttNanos);
            answeredNanos = nowNanos;
        }
    }

    /// Tells the least round trip of the answers so far to an estimator without samples: the first acknowledgements
    /// may have been lost, and nothing repeats those of probes.
    void teach(RttEstimator rtt) {
        if (rtt.samples() == 0 && leastRttNanos > 0) {
            rtt.onSample(answeredNanos, leastRttNanos);
        }
    }

    /// Asks for a probe that shows whether the peer lives.
    void keepAlive() {
        keepAlive = true;
    }

    /// Lane of the probe that was written last.
    int lane() {
        return laneOfProbe;
    }

    private boolean blockedDue(long nowNanos) {
        return operations.isBlocked() && nowNanos - blockedDueNanos >= 0;
    }

    /// Time at which the next probe is due for other reasons than the path MTU.
    long dueNanos(long nowNanos) {
        if (keepAlive || lanesToProbe > 1 || mtu.nextProbe() > 0 || sealer != null && sealer.hasLaneToProbe()) {
            return nowNanos;
        }
        long due = operations.isBlocked() ? blockedDueNanos : ConnectionEngine.NO_TIMEOUT;
        for (final SendLane lane : lanes) {
            if (lane.isSilent()) {
                due = Instants.earlier(due, lane.nextRevivalNanos);
            }
        }
        return due;
    }

    /// Writes a probe when one is due; the packet may be padded.
    ///
    /// @return true when one was written
    boolean put(long nowNanos, long timeoutNanos, PacketWriter writer) {
        laneOfProbe = 0;
        final int size = mtu.nextProbe();
        if (size > 0) {
            mtu.onProbeSent(size);
            put(nowNanos, writer, 0, size, 0);
            writer.padTo(size);
            return true;
        }
        if (lanesToProbe > 1) {
            laneOfProbe = --lanesToProbe;
            put(nowNanos, writer, 0, 0, 0);
            return true;
        }
        if (sealer != null && sealer.hasLaneToProbe()) {
            laneOfProbe = sealer.takeLaneToProbe();
            put(nowNanos, writer, 0, 0, 0);
            return true;
        }
        if (blockedDue(nowNanos)) {
            blockedDueNanos = nowNanos + timeoutNanos;
            put(nowNanos, writer, ProbeFlyweight.FLAG_BLOCKED, 0, operations.wantedMessageCredit());
            return true;
        }
        if (keepAlive) {
            keepAlive = false;
            put(nowNanos, writer, 0, 0, 0);
            return true;
        }
        return putRevival(nowNanos, timeoutNanos, writer);
    }

    // Silent lanes are asked once in a timeout, dead ones once in a second.
    private boolean putRevival(long nowNanos, long timeoutNanos, PacketWriter writer) {
        for (final SendLane lane : lanes) {
            if (lane.isSilent() && nowNanos - lane.nextRevivalNanos >= 0) {
                lane.nextRevivalNanos = nowNanos + (lane.dead ? 1_000_000_000L : timeoutNanos);
                laneOfProbe = lane.index;
                put(nowNanos, writer, 0, 0, 0);
                return true;
            }
        }
        return false;
    }

    private void put(long nowNanos, PacketWriter writer, int flags, int size, long wanted) {
        sentNanos[(int) Math.floorMod(nonce, (long) KEPT)] = nowNanos;
        kept = Math.min(KEPT, kept + 1);
        ProbeFlyweight.put(writer.segment(), writer.at(), flags, size, nonce++, wanted);
        writer.advance(ProbeFlyweight.BYTES);
    }
}
