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
package io.longhaul.core.fec;

import io.longhaul.FecPolicy;
import java.util.Arrays;

/// Chooses, for each piece of a message, write or read, how much of it is sent twice, as parity or as copies.
///
/// Under {@link FecPolicy#AUTO}, with n packets, loss p, bursts of b packets, and T = bytes of the message, and of all
/// that waits behind it, / rate:
///
/// | condition | choice |
/// |---|---|
/// | path congested, or p above 3 % | OFF: do not add load |
/// | 1 - (1-p)^n at most 1e-4 | OFF: there is nothing to protect |
/// | T above the tail | the tail as FULL: what was lost before can be sent again in time; OFF before |
/// | at most 2 packets | DUPLICATE: one copy, or two where n p^2 is above 1e-4 |
/// | otherwise | FULL: the least parity that leaves the message a residual failure of 1e-4 |
///
/// The tail is j * 1.25 round trips long, 1.25 for each repair: one until the loss is known, and a quarter of patience.
/// A
/// repair is sent twice on such a path, so that n p^(2j+1), for the n packets of 1.25 round trips, are still missing
/// after j repairs: j is the least that leaves 1e-4. Worked: 100 Gb/s x 20 ms at 0.1 %, n = 35,000: j = 1, 312 MB.
///
/// The least parity: groups of at most 128 chunks, 1 to 16 parities for each; bursts are spread over more
/// groups where that helps ({@link FailureOdds}). Parity is at most a quarter of the chunks, but four packets may be
/// spent on any piece;
/// when that cannot reach the residual, as much as is allowed is sent. Worked: 1 MiB in 118 packets at 0.1 % takes m =
/// 3
/// (2.5 %), residual 8e-6; with m = 2 it would be 2.6e-4.
///
/// Deterministic. Threading: one thread. Allocates for the first choice, and when the path has changed.
public final class FecController {
    /// What is done for a piece.
    public enum Choice {
        /// Nothing.
        OFF,
        /// Its packets are sent again at once.
        DUPLICATE,
        /// Parity over all of its chunks.
        FULL
    }

    /// Failure of the whole message that is accepted: a tenth of what the 99.9th percentile would show.
    public static final double RESIDUAL = 1e-4;

    /// Loss above which parity only adds load.
    public static final double MAX_LOSS_FRACTION = 0.03;

    private static final int DUPLICATE_PACKETS = 2;
    private static final int MAX_DEPTH = 255;
    private static final double TAIL_ROUND_TRIPS = 1.25;
    private static final int MAX_REPAIRS = 4;
    private static final int PARITY_SHARE = 4;
    private static final int LEAST_PARITIES = 4;
    private static final int CACHED = 64; // a power of two
    private static final double NANOS = 1e9;

    private final FecPolicy policy;
    private double loss = 1e-4;
    private double cautiousLoss = 1e-4;
    private double burst = 1;
    private long rttNanos = 1;
    private long rateBytesPerSecond = 1;
    private boolean congested;

    private int rows;
    private int depth;
    private int copies;

    // The choices made since the path changed last: [(chunks of piece + packets to protect) modulo length]
    // Empty before the first choice.
    private int[] cachedChunks = {};
    private long[] cachedPackets = {};
    private short[] cachedRows = {};
    private short[] cachedDepth = {};

    /// Creates a controller that knows nothing of the path.
    public FecController(FecPolicy policy) {
        this.policy = policy;
    }

    /// Says how the path is now.
    ///
    /// @param estimate its losses
    /// @param roundTripNanos round trip, above 0
    /// @param rate bytes per second that may be sent
    /// @param isCongested delay or marks say that queues grow
    public void onPath(LossEstimator estimate, long roundTripNanos, long rate, boolean isCongested) {
        loss = estimate.lossFraction();
        cautiousLoss = estimate.cautiousLossFraction();
        burst = estimate.burstPackets();
        rttNanos = roundTripNanos;
        rateBytesPerSecond = rate;
        congested = isCongested;
        Arrays.fill(cachedChunks, 0);
    }

    /// Chooses for a piece; the other methods then tell the rest.
    ///
    /// @param messageBytes length of the whole message, write or read
    /// @param remainingBytes of it from the start of the piece
    /// @param pieceBytes length of the piece
    /// @param pieceChunks chunks of the piece, 1 and more
    /// @param behindBytes of messages that wait behind this one: what is lost before them can be sent again
    /// meanwhile
    public Choice choose(long messageBytes, long remainingBytes, long pieceBytes, int pieceChunks, long behindBytes) {
        rows = 0;
        copies = 0;
        depth = 1;
        if (!isWorthIt()) {
            return Choice.OFF;
        }
        final long tailBytes = tailBytes((double) pieceBytes / pieceChunks);
        final boolean bulk = policy != FecPolicy.FULL && messageBytes + behindBytes > tailBytes;
        if (bulk && remainingBytes + behindBytes - pieceBytes >= tailBytes) {
            return Choice.OFF;
        }
        final long protectedBytes = bulk ? tailBytes : messageBytes;
        final long packets = Math.max(
                pieceChunks, (long) Math.ceil(pieceChunks * ((double) protectedBytes / Math.max(1, pieceBytes))));
        if (policy == FecPolicy.AUTO && FailureOdds.ofAny(cautiousLoss, packets) <= RESIDUAL) {
            return Choice.OFF;
        }
        if (packets <= DUPLICATE_PACKETS) {
            copies = packets * cautiousLoss * cautiousLoss > RESIDUAL ? 2 : 1;
            return Choice.DUPLICATE;
        }
        protect(pieceChunks, packets);
        return Choice.FULL;
    }

    /// True while protection is worth while at all on this path: it loses, and neither too much nor by congestion.
    public boolean isWorthIt() {
        return policy != FecPolicy.OFF && !(policy == FecPolicy.AUTO && (congested || loss > MAX_LOSS_FRACTION));
    }

    /// Bytes at the end of what is sent that are protected where the rest is not.
    ///
    /// @param chunkBytes mean size of a chunk
    long tailBytes(double chunkBytes) {
        final double repairBytes = TAIL_ROUND_TRIPS * rateBytesPerSecond * (rttNanos / NANOS);
        double missing = Math.max(1, repairBytes / Math.max(1, chunkBytes)) * cautiousLoss;
        int repairs = 0;
        do {
            missing *= cautiousLoss * cautiousLoss;
            repairs++;
        } while (missing > RESIDUAL && repairs < MAX_REPAIRS);
        return (long) Math.max(1, repairs * repairBytes);
    }

    private void protect(int chunks, long packets) {
        if (cachedChunks.length == 0) {
            cachedChunks = new int[CACHED];
            cachedPackets = new long[CACHED];
            cachedRows = new short[CACHED];
            cachedDepth = new short[CACHED];
        }
        final int slot = (int) (chunks * 31L + packets) & CACHED - 1;
        if (cachedChunks[slot] != chunks || cachedPackets[slot] != packets) {
            search(chunks, packets);
            cachedChunks[slot] = chunks;
            cachedPackets[slot] = packets;
            cachedRows[slot] = (short) rows;
            cachedDepth[slot] = (short) depth;
        }
        rows = cachedRows[slot];
        depth = cachedDepth[slot];
    }

    // The cheapest that reaches the residual; where none does, the one with the smallest failure.
    private void search(int chunks, long packets) {
        final int least = leastDepth(chunks);
        final int mostParities = Math.max(Math.max(LEAST_PARITIES, least), chunks / PARITY_SHARE);
        int cheapest = Integer.MAX_VALUE;
        double smallest = Double.MAX_VALUE;
        boolean reached = false;
        for (int d = least; d <= Math.min(MAX_DEPTH, mostParities); d *= 2) {
            final int groupChunks = (chunks + d - 1) / d;
            for (int m = 1; m <= ReedSolomon.MAX_ROWS && m * d <= mostParities; m++) {
                final double once = FailureOdds.ofGroup(groupChunks, m, cautiousLoss, burst, d);
                final double times = (double) packets / groupChunks;
                final double failure = FailureOdds.ofAny(once, times);
                final boolean reaches = failure <= RESIDUAL;
                final int parities = m * d;
                if (reaches && (!reached || parities < cheapest || parities == cheapest && failure < smallest)
                        || !reached && !reaches && failure < smallest) {
                    reached |= reaches;
                    cheapest = parities;
                    smallest = failure;
                    rows = m;
                    depth = d;
                }
            }
        }
    }

    /// Groups that a piece needs at least.
    public static int leastDepth(int chunks) {
        return (chunks + ReedSolomon.MAX_CHUNKS - 1) / ReedSolomon.MAX_CHUNKS;
    }

    /// Parities of each group, 1..16; after FULL.
    public int rows() {
        return rows;
    }

    /// Groups of the piece, which take its chunks in turn; after FULL.
    public int depth() {
        return depth;
    }

    /// How often each packet is repeated; after DUPLICATE.
    public int copies() {
        return copies;
    }

    /// Share of packets that is taken to be lost, 0..1.
    public double lossFraction() {
        return loss;
    }

    /// Mean length of a burst of losses, packets.
    public double burstPackets() {
        return burst;
    }
}
