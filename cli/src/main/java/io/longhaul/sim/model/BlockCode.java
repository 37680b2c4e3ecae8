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
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/// A static erasure code: k packets and m of parity to a block; any k of them are enough. A block that misses more is
/// asked for again, as much as it misses.
///
/// Closed forms: bulk efficiency = k / (k + m); a block fails with F = sum over i > m of C(k + m, i) p^i (1 - p)^(k + m
/// - i).
public final class BlockCode extends PacketModel {
    private static final double ASK_ROUND_TRIPS = 1.25;

    private final int k;
    private final int m;
    private final long askNanos;
    private final Map<Long, BitSet> arrivedOfBlock = new HashMap<>(); // receiver: blocks that are not complete
    private final Map<Long, BitSet> openBlocks = new HashMap<>(); // sender: blocks that are not acknowledged
    private final LongQueue timedBlocks = new LongQueue();
    private final LongQueue timedNanos = new LongQueue();
    private final ArrayDeque<Long> again = new ArrayDeque<>();
    private long next;
    private long decodedBlocks;
    private long repeatedBlocks;
    private long acknowledgedBlocks;
    private long finishedUpTo;
    private final BitSet finished = new BitSet();
    private long parityPackets;

    /// Creates a model.
    public BlockCode(Settings settings, Timeline timeline, int k, int m) {
        super(settings, timeline);
        this.k = k;
        this.m = m;
        askNanos = (long) (ASK_ROUND_TRIPS * settings.rttNanos());
    }

    /// Blocks that could not be decoded from what was sent first.
    public long repeatedBlocks() {
        return repeatedBlocks;
    }

    /// Blocks decoded.
    public long decodedBlocks() {
        return decodedBlocks;
    }

    private long blocks() {
        return (goalPackets + k - 1) / k;
    }

    /// Transfers are whole blocks.
    @Override
    public void startTransfer(long bytes) {
        final long block = (long) k * settings.payloadBytes();
        super.startTransfer((bytes + block - 1) / block * block);
    }

    @Override
    void onData(long nowNanos, long number) {
        final long block = number / (k + m);
        if (isFinished(block)) {
            acknowledge(nowNanos, block);
            return;
        }
        final BitSet have = arrivedOfBlock.computeIfAbsent(block, _ -> new BitSet(k + m));
        have.set((int) (number % (k + m)));
        if (have.cardinality() >= k) {
            arrivedOfBlock.remove(block);
            finish(block);
            decodedBlocks++;
            arrivedPackets += k;
            acknowledge(nowNanos, block);
        }
    }

    private boolean isFinished(long block) {
        return block < finishedUpTo || finished.get((int) (block - finishedUpTo));
    }

    private void finish(long block) {
        finished.set((int) (block - finishedUpTo));
        final int run = finished.nextClearBit(0);
        if (run >= 1 << 16) {
            final BitSet rest = finished.get(run, Math.max(run, finished.length()));
            finished.clear();
            finished.or(rest);
            finishedUpTo += run;
        }
    }

    @Override
    void onAck(long nowNanos, long number) {
        if (openBlocks.remove(number) != null) {
            acknowledgedBlocks++;
        }
    }

    @Override
    long timerNanos() {
        return timedBlocks.isEmpty() ? NEVER : timedNanos.first() + askNanos;
    }

    @Override
    void onTimer(long nowNanos) {
        while (!timedBlocks.isEmpty() && timedNanos.first() + askNanos <= nowNanos) {
            final long block = timedBlocks.take();
            timedNanos.take();
            final BitSet repeated = openBlocks.get(block);
            if (repeated != null) {
                repeat(block, repeated);
            }
        }
    }

    // The receiver has said what it misses; as much of it as is needed goes again.
    private void repeat(long block, BitSet repeated) {
        if (repeated.isEmpty()) {
            repeatedBlocks++;
            repeated.set(0);
        }
        final BitSet have = arrivedOfBlock.getOrDefault(block, new BitSet());
        int missing = isFinished(block) ? 1 : k - have.cardinality();
        for (int i = 0; i < k + m && missing > 0; i++) {
            if (!have.get(i)) {
                again.add(block * (k + m) + i);
                missing--;
            }
        }
        again.add(-block - 1);
    }

    @Override
    boolean hasPacket() {
        return !again.isEmpty() || next / (k + m) < blocks();
    }

    @Override
    boolean trySend(long nowNanos) {
        final Long repeated = again.poll();
        if (repeated != null) {
            if (repeated < 0) {
                time(-repeated - 1, nowNanos);
            } else {
                send(nowNanos, repeated, true);
            }
            return true;
        }
        final long block = next / (k + m);
        final int index = (int) (next % (k + m));
        if (index == 0) {
            openBlocks.put(block, new BitSet());
        }
        parityPackets += index >= k ? 1 : 0;
        send(nowNanos, next, false);
        next++;
        if (index + 1 == k + m) {
            time(block, nowNanos);
        }
        return true;
    }

    private void time(long block, long nowNanos) {
        timedBlocks.add(block);
        timedNanos.add(nowNanos);
    }

    @Override
    long firstUnsent() {
        return next / (k + m) * k;
    }

    @Override
    boolean isAllAcknowledged() {
        return acknowledgedBlocks >= blocks();
    }

    @Override
    public long parityBytes() {
        return parityPackets * settings.payloadBytes();
    }
}
